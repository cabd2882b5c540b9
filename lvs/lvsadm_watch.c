/*
 * lvsadm watch: the table as it changes, on a terminal or in a pipe.
 *
 * Only lvsadm uses it. Owns the terminal's settings while it runs.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lvs/lvsadm_app.h"
#include "lvs/lvsadm_screen.h"

#define SCREEN_ENTER "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_HOME  "\033[H"
#define LINE_END     "\033[K\n" /* what was behind the text goes */
#define CLEAR_REST   "\033[J"
#define INTERVAL_MAX 86400

struct watch {
	struct lvsadm_app *app;
	const char *control;       /* the director's socket */
	int64_t interval_s, count; /* count 0: until the end */
	bool is_numeric, is_terminal;
	struct termios saved;
	sigset_t unblocked; /* while waiting */
	unsigned first, n_lines;
};

static volatile sig_atomic_t is_stopped, is_resized;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		is_resized = 1;
	else
		is_stopped = 1;
}

/* Signals are taken while waiting only, so none is lost between a look at them and the wait. */
static void catch_signals(struct watch *w)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	const struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&blocked, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &w->unblocked);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigdelset(&w->unblocked, numbers[i]);
}

static void enter_screen(struct watch *w)
{
	struct termios raw;

	w->is_terminal = isatty(STDOUT_FILENO) && tcgetattr(STDIN_FILENO, &w->saved) == 0;
	if (!w->is_terminal)
		return;
	raw = w->saved;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* would leave the terminal as it is */
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_ENTER, stdout);
}

static void leave_screen(struct watch *w)
{
	if (!w->is_terminal)
		return;
	fputs(SCREEN_LEAVE, stdout);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &w->saved);
}

static unsigned page_of(const struct lvsadm_screen *screen)
{
	return screen->height > 4 ? screen->height - 4 : 1;
}

static void get_size(const struct watch *w, struct lvsadm_screen *screen)
{
	struct winsize size;

	if (!w->is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return;
	screen->width = size.ws_col;
	/* The end of the last line would scroll the first one away. */
	screen->height = size.ws_row - 1U;
	screen->line_end = LINE_END;
}

static enum lvsadm_status draw(struct watch *w, struct lvsadm_screen *screen)
{
	struct lvsadm_state *state;
	struct ipvs_set set;
	char clock[32];
	time_t now = time(NULL);
	struct tm tm;
	int err;

	ipvs_set_init(&set);
	err = ipvs_nl_read(w->app->backend, NULL, &set);
	if (err != 0)
		return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
	ipvs_set_drop_paths(&set);
	ipvs_set_sort(&set);
	state = lvsadm_state_load(w->control);
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%F %T", &tm);
	*screen = (struct lvsadm_screen){
		.set = &set,
		.state = state,
		.time = clock,
		.is_numeric = w->is_numeric,
		.first = w->first,
		.line_end = "\n",
	};
	get_size(w, screen);
	if (w->is_terminal)
		fputs(SCREEN_HOME, stdout);
	w->n_lines = lvsadm_screen_draw(stdout, screen);
	fputs(w->is_terminal ? CLEAR_REST : "\n", stdout);
	fflush(stdout);
	lvsadm_state_free(state);
	ipvs_set_done(&set);
	return LVSADM_OK;
}

static void scroll(struct watch *w, int64_t lines)
{
	int64_t first = (int64_t)w->first + lines;

	if (first >= w->n_lines)
		first = w->n_lines > 0 ? w->n_lines - 1 : 0;
	w->first = first < 0 ? 0 : (unsigned)first;
}

/* Acts on keys; arrows come as three bytes, the last of which tells. */
static void take_keys(struct watch *w, const struct lvsadm_screen *screen)
{
	char keys[32];
	ssize_t i, n = read(STDIN_FILENO, keys, sizeof(keys));

	is_stopped |= n == 0; /* the terminal is gone: it was ready, but there is nothing */
	for (i = 0; i < n; i++) {
		switch (keys[i]) {
		case 'q': is_stopped = 1; break;
		case 'j':
		case 'B': scroll(w, 1); break;
		case 'k':
		case 'A': scroll(w, -1); break;
		case ' ': scroll(w, page_of(screen)); break;
		case 'b': scroll(w, -(int64_t)page_of(screen)); break;
		case 'g': w->first = 0; break;
		default: break;
		}
	}
}

/* Until the next picture, a key or a signal. */
static void pause_between(struct watch *w, const struct lvsadm_screen *screen)
{
	const struct timespec interval = { .tv_sec = w->interval_s };
	struct pollfd in = { .fd = w->is_terminal ? STDIN_FILENO : -1, .events = POLLIN };

	if (ppoll(&in, 1, &interval, &w->unblocked) > 0)
		take_keys(w, screen);
	is_resized = 0;
}

static enum lvsadm_status watch(struct watch *w)
{
	enum lvsadm_status status = LVSADM_OK;
	struct lvsadm_screen screen;
	int64_t i;

	is_stopped = 0;
	catch_signals(w);
	enter_screen(w);
	for (i = 1; !is_stopped && status == LVSADM_OK; i++) {
		status = draw(w, &screen);
		if (status != LVSADM_OK || ferror(stdout) || i == w->count)
			break;
		pause_between(w, &screen);
	}
	leave_screen(w);
	return status;
}

static enum lvsadm_status usage(void)
{
	fputs("Usage: lvsadm watch [--interval=SECONDS] [--count=N] [--names] [--control=SOCKET]\n"
	      "Keys: q leaves, j k space b g scroll.\n",
	      stderr);
	return LVSADM_USAGE;
}

enum lvsadm_status lvsadm_run_watch(struct lvsadm_app *app, int argc, char *argv[])
{
	static const struct option rows[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "names", no_argument, NULL, 'N' },
		{ "control", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct watch w = {
		.app = app,
		.control = LVSADM_CONTROL_PATH,
		.interval_s = 1,
		.is_numeric = true,
	};
	bool is_ok = true;
	int key;

	while ((key = getopt_long(argc, argv, "i:n", rows, NULL)) != -1) {
		switch (key) {
		case 'i': is_ok &= lvsadm_get_number(optarg, 1, INTERVAL_MAX, &w.interval_s); break;
		case 'c': is_ok &= lvsadm_get_number(optarg, 1, INT32_MAX, &w.count); break;
		case 'N': w.is_numeric = false; break;
		case 'n': w.is_numeric = true; break;
		case 's': w.control = optarg; break;
		default: is_ok = false; break;
		}
	}
	if (!is_ok || optind != argc)
		return usage();
	return lvsadm_open(app) ? watch(&w) : LVSADM_USAGE;
}
