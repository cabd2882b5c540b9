/*
 * Definitions, conditions and generators.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct conf *conf;
static struct conf_diags *diags;

static void done(void)
{
	conf_free(conf);
	conf_diags_free(diags);
}

/* The first instance of a file that starts with `before` and has `line` in the instance. */
static const struct fix_instance *instance(const char *before, const char *line)
{
	char text[2000];

	snprintf(text, sizeof(text), "%s\nvrrp_instance A {\nvrid 1\n%s\n}\n", before, line);
	conf = fix_load(text, &diags);
	return fix_at(&fix_root_of(conf)->instances, 0);
}

/* The note of that instance, which must load without a word. */
static void expect_note(const char *before, const char *line, const char *note)
{
	const struct fix_instance *a = instance(before, line);

	FIX_EXPECT(diags, NULL);
	assert_string_equal(a->note, note);
	done();
}

static void expect_codes(const char *before, const char *line, const char *code)
{
	instance(before, line);
	FIX_EXPECT(diags, code);
	done();
}

/* ---- definitions ---- */

static void test_definition(void **state)
{
	(void)state;
	expect_note("$N=x", "note $N", "x");
	expect_note("$N=   x  # comment", "note ${N}", "x");
	expect_note("$N=x", "note ${N}7", "x7");
	expect_note("$N=x", "note a${N}b${N}", "axbx");
	expect_note("$N=x", "note \"${N} y\"", "x y");
	expect_note("$N=x", "$N=y\nnote $N", "y");
	expect_note("$N=note x", "$N", "x");
	expect_note("$N=\"a b\"", "note $N", "a b");
	expect_note("$N=$M\n$M=late", "note $N", "late");
	expect_note("$N=", "note \"${N}\"", "");
	expect_note("$A=a\n$B=b", "note ${A}${B}", "ab");
	/* Not uses: slash or quote behind, no name. */
	expect_note("$N=x", "note $N/24", "$N/24");
	expect_note("$N=x", "note \"$N\"", "$N");
	expect_note("$N=x", "note \"$ $1\"", "$ $1");
}

static void test_definition_of_several_lines(void **state)
{
	const struct fix_instance *a;

	(void)state;
	a = instance("$BODY= \\\n priority 90 \\\n advert_int 2\n$END=3 \\\nstate MASTER \\\n\n",
		     "$BODY\nrepeat $END");
	FIX_EXPECT(diags, NULL);
	assert_int_equal(a->priority, 90);
	assert_int_equal(a->advert_int_us, 2000000);
	assert_int_equal(a->repeat, 3);
	assert_int_equal(a->state, 1);
	done();

	a = instance("$IN= \\\nvirtual_ipaddress { \\\n10.0.0.1\n$OUT=$IN \\\n10.0.0.2 \\\n}\n",
		     "$OUT");
	FIX_EXPECT(diags, NULL);
	assert_int_equal(a->addrs.n, 2);
	done();

	expect_codes("$M=99 \\\nstate MASTER", "priority $M x", "definition-not-last");

	/* Comments in the body neither end it nor are part of it. */
	a = instance("$B= \\\n# no \\\n ! no \\\n \\\n priority 90 # p \\\nrepeat 4 \\ # r\n "
		     "advert_int 2 # a\n",
		     "$B");
	FIX_EXPECT(diags, NULL);
	assert_int_equal(a->priority, 90);
	assert_int_equal(a->repeat, 4);
	assert_int_equal(a->advert_int_us, 2000000);
	done();
	instance("$B= \\\npriority 90 \\\n# the end\npriority 80\n", "$B");
	FIX_EXPECT(diags, "unknown-keyword");
	done();

	/* Each line of a body may be anything that a line may be. */
	a = instance("$B= \\\n@^none priority 90 \\\n@none priority 91 \\\n$R=5 \\\nrepeat $R\n",
		     "$B");
	FIX_EXPECT(diags, NULL);
	assert_int_equal(a->priority, 90);
	assert_int_equal(a->repeat, 5);
	done();
}

static void test_undefined(void **state)
{
	(void)state;
	expect_codes("", "note $NOPE", "undefined-name");
	expect_codes("$N=x", "note $N7", "undefined-name");
	expect_codes("", "note \"${NOPE}\"", "undefined-name");
	instance("", "note $NOPE");
	assert_int_equal(conf_diags_warnings(diags), 1);
	assert_int_equal(conf_diags_at(diags, 0)->pos.line, 4);
	assert_int_equal(conf_diags_at(diags, 0)->pos.col, 6);
	done();
	/* Braces would end the block: an error, and the rest of the block stays in it. */
	instance("", "virtual_ipaddress {\n10.0.0.1${NOPE}\n10.0.0.2\n}\npriority 7");
	FIX_EXPECT(diags, "undefined-name");
	assert_int_equal(conf_diags_errors(diags), 1);
	assert_int_equal(
		((const struct fix_instance *)fix_at(&fix_root_of(conf)->instances, 0))->addrs.n,
		2);
	done();
}

static void test_builtins(void **state)
{
	const struct fix_instance *a;

	(void)state;
	expect_note("", "note a${_HASH}b${_BANG}", "a");
	expect_note("$OFF=\\#", "note a\n$OFF note b", "a");
	expect_note("$OFF=\"\\#\"", "note $OFF", "\\#");
	expect_note("$OFF=${_HASH}", "note a\n$OFF note b", "a");
	expect_note("", "note \"a${_HASH}b${_BANG}\"", "a#b!");
	expect_note("", "note ${_PWD}", ".");
	expect_note("$_PWD=mine", "note ${_PWD}", "mine");
	assert_int_equal(setenv("DIARCH_TEST", "from outside", 1), 0);
	expect_note("", "note \"${_ENV DIARCH_TEST}\"", "from outside");
	assert_int_equal(setenv("DIARCH_TEST", "a#comment", 1), 0);
	expect_note("", "note ${_ENV DIARCH_TEST}", "a");
	assert_int_equal(unsetenv("DIARCH_TEST"), 0);
	expect_codes("", "note \"${_ENV DIARCH_TEST}\"", "undefined-name");
	for (int i = 0; i < 20; i++) {
		a = instance("", "priority ${_RANDOM 5 7}");
		FIX_EXPECT(diags, NULL);
		assert_in_range(a->priority, 5, 7);
		done();
	}
}

static void test_positions(void **state)
{
	(void)state;
	/* What a definition brings stands where it is used; what follows keeps its own place. */
	instance("$N=999 \\\nzork", "priority $N");
	FIX_EXPECT(diags, "unknown-keyword", "out-of-range");
	assert_int_equal(conf_diags_at(diags, 0)->pos.line, 5);
	assert_int_equal(conf_diags_at(diags, 1)->pos.line, 5);
	assert_int_equal(conf_diags_at(diags, 1)->pos.col, 10);
	done();
	instance("$N=priority", "  ${N} 999");
	assert_int_equal(conf_diags_at(diags, 0)->pos.col, 8);
	done();
}

static void test_bombs(void **state)
{
	char text[1500] = "";

	(void)state;
	expect_codes("$A=$A", "note $A", "too-deep");
	expect_codes("$A= \\\n$B\n$B= \\\n$A", "$A", "too-deep");
	instance("$A=\n$B=${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}\n"
		 "$C=${B}${B}${B}${B}${B}${B}${B}${B}${B}${B}\n"
		 "$D=${C}${C}${C}${C}${C}${C}${C}${C}${C}${C}\n"
		 "$E=${D}${D}${D}${D}${D}${D}${D}${D}${D}${D}\n"
		 "$F=${E}${E}${E}${E}${E}${E}${E}${E}${E}${E}\n"
		 "$G=${F}${F}${F}${F}${F}${F}${F}${F}${F}${F}\n",
		 "note $G");
	FIX_EXPECT(diags, "too-large");
	done();
	expect_codes("~SEQ(i,1,100000) ~SEQ(j,1,100000) wait 5", "", "too-large");
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "~SEQ(i,1,1000000) $X=", 21);
	expect_codes(text, "", "too-large");
}

/* ---- conditions ---- */

static void expect_with_id(const char *id, const char *text, unsigned wait_s)
{
	const struct conf_options options = { .config_id = id };

	diags = conf_diags_new();
	conf = conf_load_text(text, strlen(text), "t", &fix_schema, &options, diags);
	FIX_EXPECT(diags, NULL);
	assert_int_equal(fix_root_of(conf)->wait_s, wait_s);
	done();
}

static void test_instance(void **state)
{
	(void)state;
	expect_with_id("7", "wait ${_INSTANCE}", 7);
	expect_with_id("7", "$_INSTANCE=8\nwait ${_INSTANCE}", 8);
}

static void test_conditions(void **state)
{
	static const char text[] =
		"@one wait 1\n@two wait 2\n@^one @x wait 3\n@^two\n@three\twait 4\n";
	char host[65] = "", own[200];

	(void)state;
	expect_with_id("one", text, 1);
	expect_with_id("three", "@three wait 4\n@^three wait 5\n", 4);
	expect_with_id("x", "@on wait 1\n@^one wait 3", 3);
	expect_with_id("a", "@a $W=7\n@b $W=8 \\\n zork \\\n zork\nwait $W\n", 7);
	/* Braces may depend, too. */
	expect_with_id("a", "@a vrrp_instance A {\n@b vrrp_instance B {\nvrid 1\n}\n", 5);
	FIX_TEXT_EXPECT("@ zork\n@^ zork\n", "empty-condition", "empty-condition");

	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	host[strcspn(host, ".")] = '\0';
	snprintf(own, sizeof(own), "@%s wait 8\n", host);
	expect_with_id(NULL, own, 8);
}

/* ---- generators ---- */

/* Names of the instances that `text` makes, each followed by a blank. */
static void expect_names(const char *text, const char *names)
{
	char got[500] = "";
	const struct fix_instance *a;

	conf = fix_load(text, &diags);
	FIX_EXPECT(diags, NULL);
	conf_list_for_each (a, &fix_root_of(conf)->instances) {
		strcat(got, a->name);
		strcat(got, " ");
	}
	assert_string_equal(got, names);
	done();
}

#define BODY "$I= \\\nvrrp_instance A${i}${j} { \\\nvrid ${i}${j} \\\n}\n$j=\n"

static void test_sequences(void **state)
{
	(void)state;
	expect_names(BODY "~SEQ(i, 3) $I\n", "A1 A2 A3 ");
	expect_names(BODY "~SEQ(i,4,6) $I\n", "A4 A5 A6 ");
	expect_names(BODY "~SEQ(i,7,5)$I\n", "A7 A6 A5 ");
	expect_names(BODY "~SEQ(i,1,2,6) $I\n", "A1 A3 A5 ");
	expect_names(BODY "~SEQ(i,0x10,010,0x20) $I\n", "A16 A24 A32 ");
	expect_names(BODY "~SEQ(i,2) ~SEQ(j,2) $I\n", "A11 A12 A21 A22 ");
	expect_names(BODY "$N=2\n~SEQ(i,$N) $I\n", "A1 A2 ");
	/* The variable covers a definition, which comes back. */
	expect_names(BODY "$i=9\n~SEQ(i,2) $I\n$I\n", "A1 A2 A9 ");
	expect_names("$I= \\\nvrrp_instance A${i} { \\\nvrid 1${x} \\\n}\n"
		     "$x=\n~SEQx(i,10,10) $I\n",
		     "Aa ");
	expect_names("$I= \\\nvrrp_instance A${i} { \\\nvrid 1 \\\n}\n~SEQ(i,-1) $I\n", "A-1 ");
	expect_codes("~SEQ(i,1,0,3) wait $i", "", "generator-syntax");
	expect_codes("~SEQ(i,3,1,1) wait $i", "", "generator-syntax");
	expect_codes("~SEQ(i,x) wait $i", "", "generator-syntax");
	expect_codes("~SEQ(i) wait $i", "", "generator-syntax");
	expect_codes("~SEQ(1,2) wait 3", "", "generator-syntax");
	expect_codes("~SEQ(i,2", "", "generator-syntax");
	expect_codes("~SEQ(i,1,2,3,4) wait $i", "", "generator-syntax");
	expect_codes("~ZORK(i)", "", "unknown-keyword");
}

static void test_lists(void **state)
{
	(void)state;
	expect_names("$B= \\\nvrrp_instance ${n} { \\\nvrid ${v} \\\n}\n"
		     "~LST({n, v}, {x,1},{ y , 2 }) $B\n",
		     "x y ");
	expect_names("$B= \\\nvrrp_instance ${n} { \\\nvrid 1${n} \\\n}\n~LST(n,1,2) $B\n", "1 2 ");
	instance("$B= \\\nnote x${b} \\\npriority $a", "~LST({a,b}, {7}) $B");
	FIX_EXPECT(diags, NULL);
	done();
	expect_codes("~LST(a,{1,2}) wait 3", "", "generator-syntax");
	expect_codes("~LST({a,2},{1,2}) wait 3", "", "generator-syntax");
	expect_codes("~LST() wait 3", "", "generator-syntax");
}

/* ---- with includes ---- */

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_includes(void **state)
{
	char dir[] = "/tmp/diarch-macro-XXXXXX", command[64];
	const struct fix_instance *a;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("sub", 0755), 0);
	put_file("main.conf", "$F=sub/x\ninclude ${F}1.inc\n~SEQ(i,2,3) include sub/x$i\n"
			      "vrrp_instance A {\nvrid 1\nnote ${FROM}${_PWD}\n}\n");
	put_file("sub/x1.inc", "$FROM=${_PWD}\n$WAIT=7\nwait $WAIT\n$OPEN=unfinished \\\n");
	put_file("sub/x2", "global_defs {\nrouter_id $i\n}\n");
	put_file("sub/x3", "global_defs {\nvrrp_repeat $i\n}\n");
	diags = conf_diags_new();
	conf = conf_load("main.conf", &fix_schema, NULL, diags);
	FIX_EXPECT(diags, NULL);
	assert_int_equal(fix_root_of(conf)->wait_s, 7);
	assert_string_equal(fix_global_of(conf)->router_id, "2");
	assert_int_equal(fix_global_of(conf)->vrrp_repeat, 3);
	a = fix_at(&fix_root_of(conf)->instances, 0);
	/* Names are looked up where they are used. */
	assert_string_equal(a->note, "..");
	done();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(chdir("/") || system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_definition_of_several_lines),
		cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_builtins),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_includes),
	};

	return cmocka_run_group_tests_name("conf_macro", tests, NULL, NULL);
}
