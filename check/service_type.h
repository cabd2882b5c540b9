/*
 * Value types of virtual and real servers with a syntax of their own. For the tables of
 * check_conf.c.
 */
#ifndef DIARCH_CHECK_SERVICE_TYPE_H
#define DIARCH_CHECK_SERVICE_TYPE_H

#include "check/check_conf.h"

#define SERVICE_PERSISTENCE_S 360 /* of persistence_timeout without number */

extern const struct conf_type service_type_address;     /* struct vs_addr */
extern const struct conf_type service_type_server;      /* struct server_addr */
extern const struct conf_type service_type_method;      /* struct lvs_method */
extern const struct conf_type service_type_protocol;    /* int, of service_protocols */
extern const struct conf_type service_type_scheduler;   /* const char * */
extern const struct conf_type service_type_persistence; /* uint32_t, in seconds */
extern const struct conf_type service_type_engine;      /* const char *, fits the kernel */
extern const struct conf_type service_type_granularity; /* struct addr: a mask */

extern const struct conf_word service_protocols[];

/* NAT, DR or TUN. */
const char *service_method_name(const struct lvs_method *method);

/* A mask of `bits` ones, and how many ones a mask begins with. */
struct addr service_mask(int family, unsigned bits);
unsigned service_mask_len(const struct addr *mask);

#endif
