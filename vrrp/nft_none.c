/*
 * A build without nf_tables: see nft.h.
 */
#include <errno.h>
#include <stddef.h>

#include "vrrp/nft.h"

struct nft *nft_open(void)
{
	errno = ENOSYS;
	return NULL;
}

void nft_free(struct nft *nft)
{
	(void)nft;
}

int nft_install(struct nft *nft, const struct nft_conf *conf, const struct drop_op *ops, uint32_t n,
		int64_t timeout_us)
{
	(void)nft, (void)conf, (void)ops, (void)n, (void)timeout_us;
	return -ENOSYS;
}

int nft_change(struct nft *nft, const char *table, const struct drop_op *ops, uint32_t n,
	       int64_t timeout_us)
{
	(void)nft, (void)table, (void)ops, (void)n, (void)timeout_us;
	return -ENOSYS;
}

int nft_news_fd(const struct nft *nft)
{
	(void)nft;
	return -1;
}

bool nft_read_news(struct nft *nft, const char *table)
{
	(void)nft, (void)table;
	return false;
}

int nft_remove(struct nft *nft, const char *table, int64_t timeout_us)
{
	(void)nft, (void)table, (void)timeout_us;
	return -ENOSYS;
}

int nft_lease_install(struct nft *nft, const struct nft_conf *conf, const struct lease_elem *elems,
		      uint32_t n, int64_t timeout_us)
{
	(void)nft, (void)conf, (void)elems, (void)n, (void)timeout_us;
	return -ENOSYS;
}

int nft_lease_renew(struct nft *nft, const char *table, const struct lease_elem *elems, uint32_t n,
		    int64_t timeout_us)
{
	(void)nft, (void)table, (void)elems, (void)n, (void)timeout_us;
	return -ENOSYS;
}

int nft_lease_remove(struct nft *nft, const char *table, int64_t timeout_us)
{
	(void)nft, (void)table, (void)timeout_us;
	return -ENOSYS;
}
