/*
 * lvsadm without a kernel: the command line, listings, save files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lvs/lvsadm.h"
#include "lvs/lvsadm_json.h"
#include "lvs/lvsadm_screen.h"

#define WORDS_MAX 32
#define N_SEEDS   300

/* Parses words separated by blanks. */
static bool parse(const char *line, struct lvsadm_cmd *cmd, struct lvsadm_error *err)
{
	char text[512], *save, *argv[WORDS_MAX] = { text };
	int argc = 1;

	assert_true(strlen(line) < sizeof(text));
	strcpy(text, line);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return lvsadm_parse(argc, argv, cmd, err);
}

static struct lvsadm_cmd parsed(const char *line)
{
	struct lvsadm_error err = { 0 };
	struct lvsadm_cmd cmd;

	if (!parse(line, &cmd, &err))
		fail_msg("%s: %s", line, err.text);
	return cmd;
}

static void expect_error(const char *line, enum lvsadm_status status, const char *text)
{
	struct lvsadm_error err = { 0 };
	struct lvsadm_cmd cmd;

	if (parse(line, &cmd, &err))
		fail_msg("accepted: %s", line);
	if (err.status != status || !strstr(err.text, text))
		fail_msg("%s: status %u, %s", line, err.status, err.text);
}

static void test_service_options(void **state)
{
	struct lvsadm_cmd cmd = parsed("-A -t 10.0.0.1:80 -s rr -p -M 255.255.0.0 --pe sip");

	(void)state;
	assert_int_equal(cmd.command, LVSADM_CMD_ADD_SERVICE);
	assert_int_equal(cmd.svc.key.family, AF_INET);
	assert_int_equal(cmd.svc.key.protocol, IPPROTO_TCP);
	assert_int_equal(cmd.svc.key.port, 80);
	assert_string_equal(cmd.svc.sched, "rr");
	assert_string_equal(cmd.svc.pe_name, "sip");
	assert_int_equal(cmd.svc.flags, IPVS_F_PERSISTENT);
	assert_int_equal(cmd.svc.timeout_s, 360);
	assert_int_equal(cmd.svc.netmask, htonl(0xffff0000));

	cmd = parsed("-A -f 7 -6 -M 64 -p20 -b mh-port,mh-fallback -s mh");
	assert_int_equal(cmd.svc.key.fwmark, 7);
	assert_int_equal(cmd.svc.key.family, AF_INET6);
	assert_int_equal(cmd.svc.netmask, 64);
	assert_int_equal(cmd.svc.timeout_s, 20);
	assert_int_equal(cmd.svc.flags, IPVS_F_PERSISTENT | IPVS_F_SCHED1 | IPVS_F_SCHED2);

	cmd = parsed("-E -u [2001:db8::1]:53 -o");
	assert_int_equal(cmd.command, LVSADM_CMD_EDIT_SERVICE);
	assert_string_equal(cmd.svc.sched, "wlc");
	assert_int_equal(cmd.svc.flags, IPVS_F_ONEPACKET);
	assert_int_equal(cmd.svc.netmask, 128);
}

static void test_server_options(void **state)
{
	struct lvsadm_cmd cmd = parsed("-a -t 10.0.0.1:80 -r 10.0.0.2");

	(void)state;
	assert_int_equal(cmd.dest.fwd, IPVS_FWD_DROUTE);
	assert_int_equal(cmd.dest.weight, 1);
	assert_int_equal(cmd.dest.key.port, 80);
	/* what is not rewritten cannot change its port, but for marks, and when it is only named */
	assert_int_equal(parsed("-a -t 10.0.0.1:80 -r 10.0.0.2:81").dest.key.port, 80);
	assert_int_equal(parsed("-a -t 10.0.0.1:80 -r 10.0.0.2:81 -m").dest.key.port, 81);
	assert_int_equal(parsed("-a -t 10.0.0.1:80 -r 10.0.0.2:0 -m").dest.key.port, 0);
	assert_int_equal(parsed("-a -m -r 10.0.0.2 -t 10.0.0.1:80").dest.key.port, 80);
	assert_int_equal(parsed("-d -t 10.0.0.1:80 -r 10.0.0.2:81").dest.key.port, 81);
	assert_int_equal(parsed("-a -f 5 -r 10.0.0.2:81").dest.key.port, 81);
	assert_int_equal(parsed("-a -f 5 -r 10.0.0.2").dest.key.port, 0);

	cmd = parsed("-e -t 10.0.0.1:80 -r [2001:db8::2]:80 -i --tun-type gue --tun-port 6080 "
		     "--tun-remcsum -w 0 -x 20 -y 10");
	assert_int_equal(cmd.dest.fwd, IPVS_FWD_TUNNEL);
	assert_int_equal(cmd.dest.tun_type, IPVS_TUN_GUE);
	assert_int_equal(cmd.dest.tun_port, 6080);
	assert_int_equal(cmd.dest.tun_flags, IPVS_TUN_F_REMCSUM);
	assert_int_equal(cmd.dest.weight, 0);
	assert_int_equal(cmd.dest.u_thresh, 20);
	assert_int_equal(cmd.dest.l_thresh, 10);
}

static void test_words(void **state)
{
	struct lvsadm_cmd cmd;

	(void)state;
	assert_int_equal(parsed("").command, LVSADM_CMD_LIST);
	assert_int_equal(parsed("-l").command, LVSADM_CMD_LIST);
	cmd = parsed("-Lnt 10.0.0.1:80");
	assert_true(lvsadm_has(&cmd, LVSADM_OPT_NUMERIC));
	assert_int_equal(cmd.svc.key.port, 80);
	assert_int_equal(parsed("-At=10.0.0.1:80 -srr").svc.key.port, 80);
	assert_string_equal(parsed("--add-service --tcp-service=1.1.1.1:1 -s=nq").svc.sched, "nq");
	assert_int_equal(parsed("-A -t 1.1.1.1:1 -p -s rr").svc.timeout_s, 360);
	assert_int_equal(parsed("--help --whatever").command, LVSADM_CMD_HELP);
	assert_int_equal(parsed("--version x").command, LVSADM_CMD_VERSION);
	assert_int_equal(parsed("-L --sort --sort").given, 0);
}

static void test_whole_table(void **state)
{
	struct lvsadm_cmd cmd = parsed("--set 1000 0 77");

	(void)state;
	assert_int_equal(cmd.command, LVSADM_CMD_SET);
	assert_int_equal(cmd.timeouts.tcp_s, 1000);
	assert_int_equal(cmd.timeouts.tcp_fin_s, 0);
	assert_int_equal(cmd.timeouts.udp_s, 77);
	cmd = parsed("--start-daemon backup --mcast-interface v0 --syncid 8 --sync-maxlen 1400 "
		     "--mcast-group 239.1.1.1 --mcast-port 9999 --mcast-ttl 3");
	assert_int_equal(cmd.command, LVSADM_CMD_START_DAEMON);
	assert_int_equal(cmd.sync.role, IPVS_SYNC_BACKUP);
	assert_string_equal(cmd.sync.ifname, "v0");
	assert_int_equal(cmd.sync.id, 8);
	assert_int_equal(cmd.sync.maxlen, 1400);
	assert_int_equal(cmd.sync.group.bytes[0], 239);
	assert_int_equal(cmd.sync.port, 9999);
	assert_int_equal(cmd.sync.ttl, 3);
	cmd = parsed("-Lnc --persistent-conn");
	assert_true(lvsadm_has(&cmd, LVSADM_OPT_CONNECTION));
}

static void test_errors(void **state)
{
	static const struct {
		const char *line;
		enum lvsadm_status status;
		const char *text;
	} cases[] = {
		{ "-n", LVSADM_FAILED, "Try `" },
		{ "extra", LVSADM_FAILED, "Try `" },
		{ "--list=1", LVSADM_FAILED, "Try `" },
		{ "-A", LVSADM_USAGE,
		  "You need to supply the 'service-address' option for the 'add-service' command" },
		{ "-a -t 1.1.1.1:1", LVSADM_USAGE, "supply the 'real-server' option" },
		{ "-C -w 1 -n", LVSADM_USAGE, "Illegal 'numeric' option with the 'flush' command" },
		{ "-A -t", LVSADM_FAILED, "-t: missing argument" },
		{ "-L --numeric=1", LVSADM_FAILED,
		  "--numeric=1: option does not take an argument" },
		{ "-Lq", LVSADM_FAILED, "-Lq: unknown option" },
		{ "-AD -t 1.1.1.1:1", LVSADM_USAGE, "invalid option `-AD'" },
		{ "-A -t 1.1.1.1:1 -- -s rr", LVSADM_USAGE, "unexpected argument -s" },
		{ "-A -t 1.1.1.1:1 -s rr -s rr", LVSADM_USAGE, "multiple 'scheduler' options" },
		{ "-A -t 1.1.1.1", LVSADM_USAGE, "Zero port specified" },
		{ "-A -t 1.1.1.1:1 -o", LVSADM_USAGE, "One-Packet Scheduling is only for UDP" },
		{ "-A -f 0", LVSADM_USAGE, "invalid fwmark value `0' specified" },
		{ "-A -6 -f 5", LVSADM_USAGE, "-6 used before -f" },
		{ "-A -t 1.1.1.1:1 -s rr -b sh-port", LVSADM_USAGE,
		  "incompatible scheduler flag `sh-port'" },
		{ "-A -t 1.1.1.1:1 -b x", LVSADM_USAGE, "invalid scheduler flag `x'" },
		{ "-A -t [::1]:1 -M 129", LVSADM_USAGE, "illegal ipv6 netmask" },
		{ "-A -t [::1]", LVSADM_USAGE, "illegal virtual server address[:port]" },
		{ "-A -t 1.1.1.1:65536", LVSADM_USAGE, "illegal virtual server address[:port]" },
		{ "-a -t 1.1.1.1:1 -r 1.1.1.1 -w -1", LVSADM_USAGE, "illegal weight" },
		{ "-a -t 1.1.1.1:1 -r 1.1.1.1 -y 1x", LVSADM_USAGE, "illegal l_threshold" },
		{ "-a -t 1.1.1.1:1 -r ::1", LVSADM_USAGE, "Different address family" },
		{ "-a -t 1.1.1.1:1 -r 1.1.1.1 --tun-type gre", LVSADM_USAGE,
		  "Tunnel options conflict with forward method" },
		{ "-a -t 1.1.1.1:1 -r 1.1.1.1 -i --tun-type gue", LVSADM_USAGE,
		  "supply the 'tun-port' option for the 'gue' tunnel type" },
		{ "-a -t 1.1.1.1:1 -r 1.1.1.1 -i --tun-csum", LVSADM_USAGE,
		  "Illegal 'tun-csum' option with the 'ipip' tunnel type" },
		{ "--set 1 2", LVSADM_USAGE, "--set option requires 3 timeout values" },
		{ "--set 1 x 3", LVSADM_USAGE, "invalid timeout value `x' specified" },
		{ "--set 1 2 3 4", LVSADM_USAGE, "unexpected argument 4" },
		{ "--start-daemon", LVSADM_FAILED, "Try `" },
		{ "--start-daemon x", LVSADM_USAGE, "illegal start-daemon parameter specified" },
		{ "--start-daemon backup --syncid 256", LVSADM_USAGE, "illegal syncid specified" },
		{ "--start-daemon backup --mcast-group 10.0.0.1", LVSADM_USAGE,
		  "invalid IPv4 mcast-group `10.0.0.1'" },
		{ "-L -c -t 1.1.1.1:1", LVSADM_USAGE,
		  "The option 'service-address' conflicts with the 'connection' option in the "
		  "'list' command" },
		{ "-L --timeout --stats", LVSADM_USAGE, "options conflicts in the list command" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_error(cases[i].line, cases[i].status, cases[i].text);
}

static void test_operations(void **state)
{
	struct lvsadm_cmd cmd = parsed("-e -t 1.1.1.1:1 -r 2.2.2.2");
	struct ipvs_op op;

	(void)state;
	assert_true(lvsadm_op(&cmd, &op));
	assert_int_equal(op.kind, IPVS_OP_DEST_EDIT);
	assert_int_equal(ipvs_op_check(&op), 0);
	cmd = parsed("-L");
	assert_false(lvsadm_op(&cmd, &op));
}

/* ---- tables as text ---- */

struct table {
	struct ipvs_set *set;
	enum lvsadm_status status;
	unsigned n_pauses;
};

static bool on_cmd(const struct lvsadm_cmd *cmd, struct lvsadm_error *err, void *arg)
{
	struct table *table = arg;
	struct ipvs_op op;

	(void)err;
	assert_true(lvsadm_op(cmd, &op));
	assert_int_equal(ipvs_op_check(&op), 0);
	table->status = ipvs_op_apply(table->set, &op) == 0 ? LVSADM_OK : LVSADM_FAILED;
	return true;
}

static void on_pause(void *arg)
{
	((struct table *)arg)->n_pauses++;
}

static enum lvsadm_status read_text(const char *text, struct ipvs_set *set,
				    struct lvsadm_error *err)
{
	struct table table = { .set = set };
	const struct lvsadm_reader reader = { .on_cmd = on_cmd,
					      .on_pause = on_pause,
					      .arg = &table };
	int fd = memfd_create("saved", MFD_CLOEXEC);
	bool is_whole;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	lseek(fd, 0, SEEK_SET);
	ipvs_set_init(set);
	err->text[0] = '\0';
	is_whole = lvsadm_read(fd, &reader, err);
	close(fd);
	return is_whole ? table.status : err->status;
}

static char *save_text(const struct ipvs_set *set)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	lvsadm_save_set(out, set, true);
	fclose(out);
	return text;
}

static char *list_text(const char *options, const struct ipvs_set *set)
{
	struct lvsadm_cmd cmd = parsed(options);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	lvsadm_print_head(out, &cmd);
	lvsadm_print_set(out, &cmd, set);
	fclose(out);
	return text;
}

static void expect_list(const char *options, const struct ipvs_set *set, const char *expected)
{
	char *text = list_text(options, set);

	assert_string_equal(text, expected);
	free(text);
}

static const char saved[] = "-A -t 10.0.0.100:443 -s wlc -p 600 -M 255.255.255.0\n"
			    "-a -t 10.0.0.100:443 -r 192.168.10.1:443 -g -w 1 -x 1000 -y 500\n"
			    "-A -u 10.0.0.100:5060 -s rr -p 60 --pe sip -o\n"
			    "-a -u 10.0.0.100:5060 -r 192.168.10.1:5060 -m -w 3\n"
			    "-A --sctp-service 10.0.0.100:2905 -s lc\n"
			    "-A -t [2001:db8::80]:80 -s mh -b mh-port\n"
			    "-a -t [2001:db8::80]:80 -r 192.168.10.9:80 -i -w 5 --tun-type gue "
			    "--tun-port 6080 --tun-csum\n"
			    "-A -f 8 -6 -s mh -p 30 -M 64 -b mh-fallback,mh-port\n"
			    "-A -f 4294967295 -s wlc\n";

static void test_save_and_read(void **state)
{
	struct lvsadm_error err;
	struct ipvs_set set;
	char *text;

	(void)state;
	assert_int_equal(read_text(saved, &set, &err), LVSADM_OK);
	assert_string_equal(err.text, "");
	text = save_text(&set);
	assert_string_equal(text, saved);
	free(text);
	ipvs_set_done(&set);
}

static void test_list(void **state)
{
	struct lvsadm_error err;
	struct ipvs_set set;

	(void)state;
	assert_int_equal(read_text(saved, &set, &err), LVSADM_OK);
	expect_list("-Ln", &set,
		    "Prot LocalAddress:Port Scheduler Flags\n"
		    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
		    "TCP  10.0.0.100:443 wlc persistent 600 mask 255.255.255.0\n"
		    "  -> 192.168.10.1:443             Route   1      0          0         \n"
		    "UDP  10.0.0.100:5060 rr persistent 60 pe sip ops\n"
		    "  -> 192.168.10.1:5060            Masq    3      0          0         \n"
		    "SCTP 10.0.0.100:2905 lc\n"
		    "TCP  [2001:db8::80]:80 mh (mh-port)\n"
		    "  -> 192.168.10.9:80              Tunnel  5      0          0         \n"
		    "FWM  8 IPv6 mh (mh-fallback,mh-port) persistent 30 mask 64\n"
		    "FWM  4294967295 wlc\n");
	set.n = 1;
	expect_list(
		"-Ln --thresholds", &set,
		"Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
		"  -> RemoteAddress:Port\n"
		"TCP  10.0.0.100:443 wlc persistent 600 mask 255.255.255.0\n"
		"  -> 192.168.10.1:443             1000       500        0          0         \n");
	set.svcs[0].stats.conns = 99999999;
	set.svcs[0].stats.in_pkts = 124942889;
	set.svcs[0].stats.out_pkts = 9999999999;
	set.svcs[0].stats.in_bytes = 10000000000;
	set.svcs[0].stats.out_bytes = UINT64_MAX;
	expect_list(
		"-Ln --stats", &set,
		"Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
		"  -> RemoteAddress:Port\n"
		"TCP  10.0.0.100:443               99999999  124942K 9999999K   10000M 18446744T\n"
		"  -> 192.168.10.1:443                    0        0        0        0        0\n");
	set.n = 5;
	ipvs_set_done(&set);
}

static void test_read_stops(void **state)
{
	char long_line[LVSADM_LINE_MAX + 16], many_words[1024] = "-C";
	struct lvsadm_error err;
	struct ipvs_set set;

	(void)state;
	/* a refused operation does not stop it, and the last line decides */
	assert_int_equal(
		read_text("ipvsadm -A -t 1.1.1.1:1\n\n-A -t 1.1.1.1:1\n -A -t 1.1.1.1:2\r\n", &set,
			  &err),
		LVSADM_OK);
	assert_int_equal(set.n, 2);
	ipvs_set_done(&set);
	assert_int_equal(read_text("-A -t 1.1.1.1:1\n-A -t 1.1.1.1:1", &set, &err), LVSADM_FAILED);
	assert_string_equal(err.text, "");
	ipvs_set_done(&set);
	/* what is not understood does */
	assert_int_equal(read_text("-A -t 1.1.1.1:1 -w 1\n-A -t 1.1.1.1:2\n", &set, &err),
			 LVSADM_USAGE);
	assert_int_equal(set.n, 0);
	assert_int_equal(read_text("# x\n-A -t 1.1.1.1:2\n", &set, &err), LVSADM_FAILED);
	assert_int_equal(read_text("-R\n", &set, &err), LVSADM_FAILED);
	memset(long_line, ' ', sizeof(long_line));
	long_line[sizeof(long_line) - 1] = '\0';
	assert_int_equal(read_text(long_line, &set, &err), LVSADM_USAGE);
	assert_non_null(strstr(err.text, "longer than"));
	for (int i = 0; i < 200; i++)
		strcat(many_words, " -n");
	assert_int_equal(read_text(many_words, &set, &err), LVSADM_USAGE);
	assert_non_null(strstr(err.text, "words"));
}

/* ---- any table survives being saved and restored ---- */

static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

static struct addr random_addr(void)
{
	uint8_t bytes[16] = { (uint8_t)(1 + random_below(200)), (uint8_t)random_below(256) };

	return addr_from_bytes(bytes, random_below(2) ? 16 : 4);
}

static struct ipvs_svc random_svc(void)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	static const char *const scheds[] = { "rr", "sh", "mh" };
	struct ipvs_svc_key key = { .family = random_below(2) ? AF_INET : AF_INET6 };
	struct ipvs_svc svc;

	if (random_below(3) == 0) {
		key.fwmark = 1 + random_below(5);
	} else {
		key.addr = random_addr();
		key.family = key.addr.family;
		key.protocol = protocols[random_below(3)];
		key.port = (uint16_t)(1 + random_below(65535));
	}
	svc_init(&svc, &key);
	strcpy(svc.sched, scheds[random_below(3)]);
	svc.flags = random_below(8) * IPVS_F_SCHED1;
	if (random_below(2)) {
		svc.flags |= IPVS_F_PERSISTENT;
		svc.timeout_s = 1 + random_below(IPVS_TIMEOUT_MAX_S);
		svc.netmask = key.family == AF_INET6 ? 1 + random_below(128) : random_below(1000);
	}
	if (random_below(2) && (key.fwmark || key.protocol == IPPROTO_UDP))
		svc.flags |= IPVS_F_ONEPACKET;
	if (random_below(3) == 0)
		strcpy(svc.pe_name, "sip");
	return svc;
}

static struct ipvs_dest random_dest(const struct ipvs_svc *svc)
{
	struct ipvs_dest dest = {
		.key = { .addr = random_addr(), .port = svc->key.port },
		.fwd = IPVS_FWD_TUNNEL,
		.weight = (int32_t)random_below(INT32_MAX),
	};

	if (random_below(3) == 0) {
		dest.u_thresh = random_below(INT32_MAX);
		dest.l_thresh = random_below(dest.u_thresh + 1);
	}
	if (dest.key.addr.family == svc->key.family && random_below(3)) {
		dest.fwd = random_below(2) ? IPVS_FWD_MASQ : IPVS_FWD_DROUTE;
		if (dest.fwd == IPVS_FWD_MASQ)
			dest.key.port = (uint16_t)random_below(65536);
		return dest;
	}
	dest.tun_type = (uint8_t)random_below(3);
	if (dest.tun_type == IPVS_TUN_GUE)
		dest.tun_port = (uint16_t)(1 + random_below(65535));
	if (dest.tun_type != IPVS_TUN_IPIP)
		dest.tun_flags = (uint16_t)random_below(dest.tun_type == IPVS_TUN_GUE ? 3 : 2);
	return dest;
}

static void test_any_table_round_trip(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= N_SEEDS; seed++) {
		struct ipvs_set set, again;
		struct lvsadm_error err;
		struct ipvs_ops ops;
		char *text;

		random_state = seed * 2654435761U;
		ipvs_set_init(&set);
		for (uint32_t i = 0; i < 5; i++) {
			const struct ipvs_svc svc = random_svc();
			struct ipvs_svc *in = ipvs_set_add(&set, &svc);

			for (uint32_t j = random_below(5); j > 0; j--) {
				const struct ipvs_dest dest = random_dest(&svc);

				svc_add_dest(in, &dest);
			}
		}
		text = save_text(&set);
		if (read_text(text, &again, &err) != LVSADM_OK)
			fail_msg("seed %u: %s in\n%s", seed, err.text, text);
		ipvs_ops_init(&ops);
		ipvs_diff(&again, &set, NULL, NULL, &ops);
		if (ops.n != 0)
			fail_msg("seed %u: %u differences in\n%s", seed, ops.n, text);
		free(text);
		ipvs_ops_done(&ops);
		ipvs_set_done(&set);
		ipvs_set_done(&again);
	}
}

/* ---- servers with names ---- */

static void test_state_of_names(void **state)
{
	static const char json[] =
		"{\"virtual_servers\": [{\"vs\": \"[10.0.0.100]:tcp:80\", \"is_up\": true}],"
		" \"real_servers\": [{\"vs\": \"[10.0.0.100]:tcp:80\","
		" \"rs\": \"[www.example.net]:tcp:80\", \"address\": \"10.0.0.1\","
		" \"drained\": \"10.0.0.2 10.0.0.3\", \"is_up\": true}]}";
	struct lvsadm_state *director = lvsadm_state_parse(json);
	struct ipvs_svc_key svc = { .family = AF_INET, .protocol = IPPROTO_TCP, .port = 80 };
	struct ipvs_dest_key dest = { .port = 80 };
	char text[64];

	(void)state;
	addr_parse("10.0.0.100", &svc.addr);
	addr_parse("10.0.0.1", &dest.addr);
	assert_string_equal(lvsadm_state_host(director, &svc, &dest, text, sizeof(text)),
			    "www.example.net");
	assert_string_equal(lvsadm_state_dest(director, &svc, &dest, text, sizeof(text)), "up");
	addr_parse("10.0.0.3", &dest.addr);
	assert_string_equal(lvsadm_state_host(director, &svc, &dest, text, sizeof(text)),
			    "www.example.net");
	assert_string_equal(lvsadm_state_dest(director, &svc, &dest, text, sizeof(text)), "left");
	addr_parse("10.0.0.4", &dest.addr);
	assert_string_equal(lvsadm_state_host(director, &svc, &dest, text, sizeof(text)), "");
	assert_string_equal(lvsadm_state_dest(director, &svc, &dest, text, sizeof(text)), "");
	lvsadm_state_free(director);
}

/* ---- watch ---- */

static const char status_json[] =
	"{\"virtual_servers\": [{\"vs\": \"[10.0.0.100]:tcp:443\", \"is_up\": true, \"alive\": 1,"
	" \"total\": 2, \"is_sorry\": false, \"name\": \"www.example.org\"}],"
	" \"real_servers\": [{\"vs\": \"[10.0.0.100]:tcp:443\","
	" \"rs\": \"[192.168.10.1]:tcp:443\", \"is_up\": false}],"
	" \"checks\": [{\"vs\": \"[10.0.0.100]:tcp:443\", \"rs\": \"[192.168.10.1]:tcp:443\","
	" \"kind\": \"TCP_CHECK\", \"is_up\": false, \"reason\": \"refused\"}]}";

static char *screen_text(struct lvsadm_screen *screen, unsigned n_lines)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	screen->line_end = "\n";
	screen->time = "now";
	screen->is_numeric = true;
	assert_int_equal(lvsadm_screen_draw(out, screen), n_lines);
	fclose(out);
	return text;
}

static void expect_number(uint64_t value, const char *expected)
{
	char text[24];

	assert_string_equal(lvsadm_short_number(value, text, sizeof(text)), expected);
}

static void test_short_numbers(void **state)
{
	(void)state;
	expect_number(0, "0");
	expect_number(99999, "99999");
	expect_number(100000, "100k");
	expect_number(999999, "999k");
	expect_number(1000000, "1.0M");
	expect_number(12345678, "12M");
	expect_number(UINT64_MAX, "18E");
}

static void test_screen(void **state)
{
	struct lvsadm_state *director = lvsadm_state_parse(status_json);
	struct lvsadm_error err;
	struct ipvs_set set;
	struct lvsadm_screen screen = { .set = &set, .state = director };
	char *text;

	(void)state;
	assert_non_null(director);
	assert_int_equal(read_text(saved, &set, &err), LVSADM_OK);
	text = screen_text(&screen, 9);
	assert_non_null(strstr(text, "now  services 6, servers 3, connections/s 0,"));
	assert_non_null(strstr(text, "TCP  10.0.0.100:443 "));
	assert_non_null(strstr(text, "  up 1/2 www.example.org\n"));
	assert_non_null(strstr(text, "  down TCP_CHECK refused\n"));
	free(text);
	/* three lines of heading, one of the table, cut */
	screen.height = 4;
	screen.width = 20;
	screen.first = 8;
	screen.state = NULL;
	text = screen_text(&screen, 9);
	assert_string_equal(text, "now  services 6, ser\n\nSERVICE -> SERVER   \n"
				  "FWM  4294967295     \n");
	free(text);
	assert_null(lvsadm_state_parse("not JSON"));
	lvsadm_state_free(director);
	ipvs_set_done(&set);
}

/* Services of groups: lines that overlap, both families, marks; servers by their address. */
static const char groups_json[] =
	"{\"virtual_servers\": [{\"vs\": \"[web]:0\", \"is_up\": true, \"alive\": 1, \"total\": 2},"
	" {\"vs\": \"[web]:udp:0\", \"is_up\": false, \"alive\": 0, \"total\": 1, \"name\": "
	"\"dns\"},"
	" {\"vs\": \"FWM 9\", \"is_up\": true, \"alive\": 1, \"total\": 1}],"
	" \"service_addresses\": ["
	"{\"vs\": \"[web]:0\", \"index\": 0, \"family\": 4, \"protocol\": \"tcp\","
	" \"first\": \"10.8.0.1\", \"last\": \"10.8.0.100\", \"port\": 80, \"fwmark\": 0},"
	"{\"vs\": \"[web]:0\", \"index\": 1, \"family\": 4, \"protocol\": \"tcp\","
	" \"first\": \"10.8.0.5\", \"last\": \"10.8.0.6\", \"port\": 80, \"fwmark\": 0},"
	"{\"vs\": \"[web]:0\", \"index\": 2, \"family\": 6, \"protocol\": \"tcp\","
	" \"first\": \"fd00::1\", \"last\": \"fd00::1\", \"port\": 443, \"fwmark\": 0},"
	"{\"vs\": \"[web]:0\", \"index\": 3, \"family\": 4, \"protocol\": \"\","
	" \"first\": \"\", \"last\": \"\", \"port\": 0, \"fwmark\": 7},"
	"{\"vs\": \"[web]:udp:0\", \"index\": 0, \"family\": 4, \"protocol\": \"udp\","
	" \"first\": \"10.8.0.1\", \"last\": \"10.8.0.100\", \"port\": 80, \"fwmark\": 0},"
	"{\"vs\": \"[web]:0\", \"index\": 9, \"family\": 4, \"protocol\": \"tcp\","
	" \"first\": \"no address\", \"last\": \"\", \"port\": 80, \"fwmark\": 0}],"
	" \"real_servers\": [{\"vs\": \"[web]:0\", \"rs\": \"[10.0.0.1]:tcp:0\", \"is_up\": true},"
	" {\"vs\": \"[web]:0\", \"rs\": \"[10.0.0.2]:tcp:0\", \"is_up\": false},"
	" {\"vs\": \"[web]:0\", \"rs\": \"[10.0.0.3]:tcp:81\", \"is_up\": false},"
	" {\"vs\": \"[web]:0\", \"rs\": \"[10.0.0.3]:tcp:82\", \"is_up\": true},"
	" {\"vs\": \"FWM 9\", \"rs\": \"[10.0.0.1]:udp:53\", \"is_up\": true}],"
	" \"checks\": [{\"vs\": \"[web]:0\", \"rs\": \"[10.0.0.2]:tcp:0\", \"kind\": \"TCP_CHECK\","
	" \"is_up\": false, \"reason\": \"refused\"}]}";

/* "NAME|HEALTH|HEALTH OF THE SERVER" of a service and its one server. */
static void expect_known(const struct lvsadm_state *state, const char *service, const char *server,
			 const char *wanted)
{
	char text[512], svc_text[128], dest_text[128];
	const struct ipvs_svc_key *key;
	struct lvsadm_error err;
	struct ipvs_set set;

	snprintf(text, sizeof(text), "-A %s\n-a %s -r %s -m\n", service, service, server);
	assert_int_equal(read_text(text, &set, &err), LVSADM_OK);
	key = &set.svcs[0].key;
	snprintf(text, sizeof(text), "%s|%s|%s", lvsadm_state_name(state, key),
		 lvsadm_state_svc(state, key, svc_text, sizeof(svc_text)),
		 lvsadm_state_dest(state, key, &set.svcs[0].dests[0].key, dest_text,
				   sizeof(dest_text)));
	assert_string_equal(text, wanted);
	ipvs_set_done(&set);
}

static void test_groups(void **state)
{
	struct lvsadm_state *director = lvsadm_state_parse(groups_json);

	(void)state;
	assert_non_null(director);
	expect_known(director, "-t 10.8.0.1:80", "10.0.0.1:80", "[web]:0|up 1/2|up");
	expect_known(director, "-t 10.8.0.50:80", "10.0.0.2:80",
		     "[web]:0|up 1/2|down TCP_CHECK refused");
	expect_known(director, "-t 10.8.0.100:80", "10.0.0.9:80", "[web]:0|up 1/2|");
	expect_known(director, "-t 10.8.0.101:80", "10.0.0.1:80", "||");
	expect_known(director, "-t 10.8.0.0:80", "10.0.0.1:80", "||");
	expect_known(director, "-t 10.8.0.5:81", "10.0.0.1:81", "||");
	expect_known(director, "-t 10.8.0.5:80", "10.0.0.3:82", "[web]:0|up 1/2|up");
	expect_known(director, "-t 10.8.0.5:80", "10.0.0.3:81", "[web]:0|up 1/2|down");
	expect_known(director, "-t [fd00::1]:443", "[fd00::9]:443", "[web]:0|up 1/2|");
	expect_known(director, "-t [fd00::2]:443", "[fd00::9]:443", "||");
	expect_known(director, "-u 10.8.0.5:80", "10.0.0.1:80", "dns|down 0/1|");
	expect_known(director, "-f 7", "10.0.0.1", "[web]:0|up 1/2|up");
	expect_known(director, "-f 9", "10.0.0.1", "|up 1/1|up");
	expect_known(director, "-f 8", "10.0.0.1", "||");
	lvsadm_state_free(director);
}

/* ---- JSON ---- */

static const char *member(json_t *object, const char *path)
{
	return json_string_value(json_object_get(object, path));
}

static void test_json(void **state)
{
	struct lvsadm_error err;
	struct ipvs_set set;
	json_t *listing, *services, *svc, *dest;
	struct lvsadm_state *known;
	unsigned n_named = 0;
	size_t i;

	(void)state;
	assert_int_equal(read_text(saved, &set, &err), LVSADM_OK);
	known = lvsadm_state_parse("{\"virtual_servers\":[{\"vs\":\"[10.0.0.100]:tcp:443\","
				   "\"name\":\"shop\",\"is_up\":true,\"alive\":2,\"total\":3}]}");
	assert_non_null(known);
	set.svcs[set.n - 1].is_check_path = true;
	listing = lvsadm_json_set(&set, known);
	services = json_object_get(listing, "services");
	lvsadm_state_free(known);
	assert_int_equal(json_array_size(services), set.n - 1);
	assert_int_equal(json_array_size(json_object_get(listing, "check_paths")), 1);
	json_array_foreach(services, i, svc) if (member(svc, "name")) n_named++;
	assert_int_equal(n_named, 1);
	svc = json_array_get(services, 0);
	assert_string_equal(member(svc, "address"), "10.0.0.100");
	assert_string_equal(member(json_object_get(svc, "persistence"), "netmask"),
			    "255.255.255.0");
	dest = json_array_get(json_object_get(svc, "servers"), 0);
	assert_string_equal(member(dest, "forward"), "direct");
	assert_int_equal(json_integer_value(json_object_get(dest, "upper_threshold")), 1000);
	svc = json_array_get(services, 3);
	dest = json_array_get(json_object_get(svc, "servers"), 0);
	assert_string_equal(member(json_object_get(dest, "tunnel"), "checksum"), "yes");
	assert_int_equal(json_array_size(json_object_get(svc, "scheduler_flags")), 1);
	json_decref(listing);
	ipvs_set_drop_paths(&set);
	listing = lvsadm_json_set(&set, NULL);
	assert_int_equal(json_array_size(json_object_get(listing, "services")), set.n);
	assert_int_equal(json_array_size(json_object_get(listing, "check_paths")), 0);
	json_decref(listing);
	ipvs_set_done(&set);
}

static void test_help_names_every_option(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	lvsadm_print_help(out, "lvsadm");
	fclose(out);
	assert_non_null(strstr(text, "  -A, --add-service SERVICE "));
	assert_non_null(strstr(text, "      --tun-remcsum "));
	assert_non_null(strstr(text, "      --start-daemon master|backup "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service_options),
		cmocka_unit_test(test_server_options),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_whole_table),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_save_and_read),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_read_stops),
		cmocka_unit_test(test_any_table_round_trip),
		cmocka_unit_test(test_short_numbers),
		cmocka_unit_test(test_state_of_names),
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
