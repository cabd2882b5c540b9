/*
 * diarchctl: the control tool. Asks the parent over its control socket and prints the answer.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "director/genhash.h"
#include "lib/control_client.h"

static int usage(FILE *out, int status)
{
	fputs("Usage: diarchctl [OPTION...] COMMAND\n"
	      "  status                state of the processes, VRRP instances, virtual and real "
	      "servers\n"
	      "  reload                read the configuration again (as SIGHUP)\n"
	      "  genhash ...           print the digest of a page; genhash --help tells more\n"
	      "\n"
	      "  -c, --control=SOCKET  path of the control socket\n"
	      "  -j, --json            with status: print JSON\n"
	      "  -v, --version         print the version and exit\n"
	      "  -h, --help            print this help and exit\n",
	      out);
	return status;
}

/* Prints the answer. Exit status: 0 ok, 1 refused or not written, 3 no (whole) answer. */
static int ask(const char *path, const char *request)
{
	char block[16384], why[CONTROL_WHY_MAX];
	size_t n;
	FILE *in = control_ask(path, request, why);
	const int error = errno;

	if (!in) {
		fprintf(stderr, "diarchctl: %s\n", why);
		return error == EPROTO ? 1 : 3;
	}
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, n, stdout);
	fclose(in);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	fprintf(stderr, "diarchctl: cannot write the answer: %s\n", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DIARCH_RUNDIR "/diarch/control.sock";
	bool json = false;
	int key;

	if (genhash_is_name(argv[0]))
		return genhash_main(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "genhash"))
		return genhash_main(argc - 1, argv + 1);
	while ((key = getopt_long(argc, argv, "c:jvh", options, NULL)) != -1) {
		switch (key) {
		case 'c': path = optarg; break;
		case 'j': json = true; break;
		case 'v': printf("diarchctl v%s\n", PACKAGE_VERSION); return 0;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	}
	if (argc - optind != 1)
		return usage(stderr, 2);
	if (!strcmp(argv[optind], "status"))
		return ask(path, json ? "status json" : "status text");
	if (!strcmp(argv[optind], "reload"))
		return ask(path, "reload");
	fprintf(stderr, "diarchctl: unknown command '%s'\n", argv[optind]);
	return usage(stderr, 2);
}
