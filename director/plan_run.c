/*
 * diarch --plan, in the process the user started: gathers what plan.c compares.
 */
#include <errno.h>
#include <stdlib.h>

#include "director/app.h"
#include "director/conf_test.h"
#include "lib/control_client.h"
#include "director/plan.h"
#include "director/plan_run.h"
#include "director/host_check.h"
#include "director/root_conf.h"
#include "lib/log.h"
#include "lvs/ipvs_nl.h"

#define ANSWER_MAX (256UL << 20)
#define KERNEL_US  (2 * US_PER_S)

struct known {
	struct conf *running; /* NULL = no director runs */
	struct plan_health *health;
	struct ipvs_set kernel;
	bool is_kernel_read;
};

/* The whole answer to a request: 0 or -errno. The caller frees *text. */
static int ask(const char *path, const char *request, char **text, size_t *len)
{
	char why[CONTROL_WHY_MAX];
	FILE *in = control_ask(path, request, why), *out;
	char block[16384];
	size_t n;
	int error = 0;

	if (!in) {
		error = -errno;
		if (error != -ENOENT && error != -ECONNREFUSED)
			fprintf(stderr, "diarch: %s\n", why);
		return error;
	}
	out = open_memstream(text, len);
	if (!out)
		fatal(EXIT_STATUS_FATAL, "out of memory");
	while ((n = fread(block, 1, sizeof(block), in)) > 0 && !error) {
		fwrite(block, 1, n, out);
		error = (size_t)ftell(out) > ANSWER_MAX ? -EFBIG : 0;
	}
	if (ferror(in))
		error = -ETIMEDOUT;
	if (error)
		fprintf(stderr, "diarch: %s: the answer to '%s' is not complete\n", path, request);
	fclose(in);
	fclose(out);
	return error;
}

/* Configuration and health of the running director, if there is one: 0 or -errno. */
static int ask_director(const char *path, struct known *known)
{
	struct conf_diags *diags = conf_diags_new();
	char *conf = NULL, *status = NULL;
	size_t conf_len = 0, status_len = 0;
	int error = ask(path, "conf", &conf, &conf_len);
	json_t *json;

	if (!error)
		error = ask(path, "status json", &status, &status_len);
	if (!error) {
		known->running = conf_load_text(conf, conf_len, "running configuration",
						&diarch_schema, NULL, diags);
		json = json_loadb(status, status_len, 0, NULL);
		known->health = plan_health_new(json);
		json_decref(json);
		error = known->running ? 0 : -EPROTO;
	}
	free(conf);
	free(status);
	conf_diags_free(diags);
	return error == -ENOENT || error == -ECONNREFUSED ? 0 : error;
}

static void read_kernel(struct known *known)
{
	struct ipvs_backend *backend = ipvs_nl_open(KERNEL_US);

	ipvs_set_init(&known->kernel);
	if (!backend)
		return;
	known->is_kernel_read = backend->dump(backend, &known->kernel) == 0;
	ipvs_set_drop_paths(&known->kernel); /* follow the checks, with marks of their own */
	backend->free(backend);
}

static const struct root_conf *root_of(const struct conf *conf)
{
	return conf ? (const struct root_conf *)conf_root(conf) : NULL;
}

static void print_text(const struct known *known, const struct plan *plan)
{
	printf("%s; the kernel's IPVS table %s.\n\n",
	       known->running ? "Compared with the running director" : "No director runs",
	       known->is_kernel_read ? "was read" : "cannot be read");
	plan_print(plan, stdout);
}

/* Without a plan the file is refused. */
static void print_json(const struct known *known, const struct plan *plan,
		       const struct conf_diags *diags)
{
	json_t *object = json_object();

	json_object_set_new(object, "diagnostics", conf_diags_json(diags));
	json_object_set_new(object, "is_refused", json_boolean(!plan));
	if (plan) {
		json_object_set_new(object, "is_running", json_boolean(known->running));
		json_object_set_new(object, "is_kernel_read", json_boolean(known->is_kernel_read));
		json_object_set_new(object, "items", plan_json(plan));
	}
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

/* Compares a valid configuration with what there is. */
static int plan_conf(const struct cmdline *cmdline, const struct conf *conf,
		     const struct conf_diags *diags)
{
	struct known known = { 0 };
	struct run_names names;
	struct plan plan = { 0 };
	struct plan_input input = { .next = root_of(conf),
				    .with_vrrp = cmdline->with_vrrp,
				    .with_checkers = cmdline->with_checkers };
	int status = EXIT_STATUS_OK;

	run_names_fill(&names, cmdline, conf);
	read_kernel(&known);
	if (ask_director(names.control_path, &known) < 0)
		status = EXIT_STATUS_FATAL;
	input.running = root_of(known.running);
	input.health = known.health;
	input.kernel = known.is_kernel_read ? &known.kernel : NULL;
	if (status == EXIT_STATUS_OK && plan_is_refused(&input)) {
		fprintf(stderr, "diarch: a reload would be refused: the file configures nothing "
				"any more\n");
		if (cmdline->json)
			print_json(&known, NULL, diags);
		status = EXIT_STATUS_TEST_FAILED;
	}
	if (status == EXIT_STATUS_OK) {
		plan_make(&input, &plan);
		status = plan.n ? EXIT_STATUS_CHANGE : EXIT_STATUS_OK;
		if (cmdline->json)
			print_json(&known, &plan, diags);
		else
			print_text(&known, &plan);
	}
	plan_done(&plan);
	plan_health_free(known.health);
	ipvs_set_done(&known.kernel);
	conf_free(known.running);
	return status;
}

int plan_run_main(const struct cmdline *cmdline)
{
	const struct conf_options options = cmdline_conf_options(cmdline);
	FILE *out = conf_test_output(cmdline);
	struct conf_diags *diags;
	struct conf *conf;
	int status = EXIT_STATUS_NO_CONFIG;

	if (!out)
		return EXIT_STATUS_FATAL;
	diags = conf_diags_new();
	conf = conf_load(cmdline->conf_file, &diarch_schema, &options, diags);
	if (conf)
		host_check(conf_root(conf), diags);
	if (conf)
		status = conf_diags_errors(diags) ? EXIT_STATUS_TEST_FAILED : EXIT_STATUS_OK;
	if (!cmdline->json)
		conf_diags_print(diags, out);
	else if (status != EXIT_STATUS_OK)
		print_json(NULL, NULL, diags);
	if (status == EXIT_STATUS_OK)
		status = plan_conf(cmdline, conf, diags);
	conf_free(conf);
	conf_diags_free(diags);
	if (out != stderr)
		fclose(out);
	return status;
}
