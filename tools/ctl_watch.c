/* SPDX-License-Identifier: MIT */
/* ctl_watch - one meter on the terminal, live */
#include "ctl_watch.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define COLUMNS_MAX 240
#define ROWS_MAX    100
#define NEWS_MAX    64
#define NEWS_TEXT   200
#define EVERY       "500ms"

#define SCREEN_ON  "\033[?1049h\033[?25l"
#define SCREEN_OFF "\033[?25h\033[?1049l"

static volatile sig_atomic_t stopped;

struct watch {
	const char *title;
	json_t *values;
	double metering_s;
	char news[NEWS_MAX][NEWS_TEXT]; /* a ring */
	unsigned long news_count;
	bool dirty;
	/* the screen while it is drawn */
	char *screen;
	size_t used, size;
	int rows, columns, row;
};

static const char points[] =
	"voltage.l1,voltage.l2,voltage.l3,current.l1,current.l2,current.l3,"
	"active_power.l1,active_power.l2,active_power.l3,active_power,"
	"reactive_power.l1,reactive_power.l2,reactive_power.l3,reactive_power,"
	"apparent_power.l1,apparent_power.l2,apparent_power.l3,apparent_power,"
	"power_factor.l1,power_factor.l2,power_factor.l3,power_factor,"
	"angle.current.l1,angle.current.l2,angle.current.l3,frequency,"
	"active_energy.forward,active_energy.forward.t1,active_energy.forward.t2,"
	"active_energy.reverse,active_energy.reverse.t1,active_energy.reverse.t2,"
	"reactive_energy.forward,reactive_energy.forward.t1,reactive_energy.forward.t2,"
	"reactive_energy.reverse,reactive_energy.reverse.t1,reactive_energy.reverse.t2,"
	"tariff,quadrant,day_counter";

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* --- the screen --- */

__attribute__((format(printf, 2, 3))) static void put(struct watch *w, const char *format, ...)
{
	char line[COLUMNS_MAX + 1];
	va_list args;
	int n;

	if (w->row >= w->rows)
		return;
	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > w->columns)
		n = w->columns;
	w->used += (size_t)snprintf(w->screen + w->used, w->size - w->used, "\033[%d;1H%.*s\033[K",
				    ++w->row, n, line);
}

static void value(const struct watch *w, const char *point, int decimals, char text[24])
{
	const json_t *json = json_object_get(w->values, point);

	if (json_is_number(json))
		snprintf(text, 24, "%.*f", decimals, json_number_value(json));
	else
		snprintf(text, 24, "%s", "-");
}

/* A quantity of the three phases, and its total. */
static void put_phases(struct watch *w, const char *label, const char *point, int decimals,
		       bool total)
{
	char text[4][24] = {"", "", "", ""}, name[64];

	for (int p = 0; p < 3; p++) {
		snprintf(name, sizeof(name), "%s.l%d", point, p + 1);
		value(w, name, decimals, text[p]);
	}
	if (total)
		value(w, point, decimals, text[3]);
	put(w, "  %-16s%12s%12s%12s%14s", label, text[0], text[1], text[2], text[3]);
}

static void put_energy(struct watch *w, const char *label, const char *point)
{
	char text[3][24], name[64];

	value(w, point, 2, text[0]);
	for (int t = 1; t < 3; t++) {
		snprintf(name, sizeof(name), "%s.t%d", point, t);
		value(w, name, 2, text[t]);
	}
	put(w, "  %-16s%12s%12s%12s", label, text[0], text[1], text[2]);
}

static void put_head(struct watch *w)
{
	const long s = (long)w->metering_s;
	char when[40];
	int room;

	snprintf(when, sizeof(when), "metered %ldd %02ld:%02ld:%02ld", s / 86400, s / 3600 % 24,
		 s / 60 % 60, s % 60);
	room = w->columns - 3 - (int)strlen(when);
	/* not by put(): reversing takes bytes, but no room */
	w->row++;
	w->used += (size_t)snprintf(w->screen + w->used, w->size - w->used,
				    "\033[1;1H\033[7m %-*.*s %s \033[0m\033[K", room, room,
				    w->title, when);
}

static void put_state(struct watch *w)
{
	char f[24], tariff[24], quadrant[24], day[24];

	value(w, "frequency", 2, f);
	value(w, "tariff", 0, tariff);
	value(w, "quadrant", 0, quadrant);
	value(w, "day_counter", 2, day);
	put(w, "  %s Hz   quadrant %s   tariff %s   day counter %s kWh", f, quadrant, tariff, day);
}

static void put_news(struct watch *w)
{
	const int room = w->rows - w->row - 1;
	unsigned long first = 0;

	put(w, "  last on its lines%*s", w->columns - 32, "q ends");
	if (room > 0 && w->news_count > (unsigned long)room)
		first = w->news_count - (unsigned long)room;
	if (w->news_count > NEWS_MAX && first < w->news_count - NEWS_MAX)
		first = w->news_count - NEWS_MAX;
	for (unsigned long i = first; i < w->news_count; i++)
		put(w, "  %s", w->news[i % NEWS_MAX]);
}

static void measure(struct watch *w)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 2 || size.ws_col < 40)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	w->rows = size.ws_row < ROWS_MAX ? size.ws_row : ROWS_MAX;
	w->columns = size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static void draw(struct watch *w)
{
	measure(w);
	w->used = 0;
	w->row = 0;
	w->dirty = false;
	put_head(w);
	put(w, "  %-16s%12s%12s%12s%14s", "", "L1", "L2", "L3", "total");
	put_phases(w, "voltage      V", "voltage", 1, false);
	put_phases(w, "current      A", "current", 2, false);
	put_phases(w, "active      kW", "active_power", 3, true);
	put_phases(w, "reactive  kvar", "reactive_power", 3, true);
	put_phases(w, "apparent   kVA", "apparent_power", 3, true);
	put_phases(w, "power factor", "power_factor", 2, true);
	put_phases(w, "lag        deg", "angle.current", 1, false);
	put_state(w);
	put(w, "  %-16s%12s%12s%12s", "energy", "all", "tariff 1", "tariff 2");
	put_energy(w, "forward    kWh", "active_energy.forward");
	put_energy(w, "reverse    kWh", "active_energy.reverse");
	put_energy(w, "forward  kvarh", "reactive_energy.forward");
	put_energy(w, "reverse  kvarh", "reactive_energy.reverse");
	put_news(w);
	fwrite(w->screen, 1, w->used, stdout);
	fputs("\033[J", stdout);
	fflush(stdout);
}

/* --- what comes --- */

static const char *text_at(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

/* "08:15:00.123" of "2026-11-23T08:15:00.123456Z". */
static const char *clock_of(const char *at)
{
	return strlen(at) > 11 ? at + 11 : at;
}

static void on_event(void *ctx, const char *type, const json_t *data)
{
	struct watch *w = ctx;
	char *news = w->news[w->news_count % NEWS_MAX];

	w->dirty = true;
	if (strcmp(type, "values") == 0) {
		json_decref(w->values);
		w->values = json_incref(json_object_get(data, "values"));
		w->metering_s = json_number_value(json_object_get(data, "metering_s"));
		return;
	}
	w->news_count++;
	if (strcmp(type, "telegram") == 0) {
		snprintf(news, NEWS_TEXT, "%.12s %s %s %s", clock_of(text_at(data, "at")),
			 text_at(data, "line"),
			 strcmp(text_at(data, "from"), "master") == 0 ? ">" : "<",
			 text_at(data, "meaning"));
	} else if (strcmp(type, "fault") == 0) {
		snprintf(news, NEWS_TEXT, "%.12s %s ! fault '%s'", clock_of(text_at(data, "at")),
			 text_at(data, "line"), text_at(data, "fault"));
	} else {
		char *value_text = json_dumps(json_object_get(data, "value"), JSON_ENCODE_ANY);

		snprintf(news, NEWS_TEXT, "%s is now %s", text_at(data, "point"),
			 value_text ? value_text : "?");
		free(value_text);
	}
}

static bool want(void *ctx)
{
	struct watch *w = ctx;
	char key;

	if (w->dirty)
		draw(w);
	while (read(STDIN_FILENO, &key, 1) == 1) {
		if (key == 'q' || key == 'Q')
			stopped = 1;
	}
	return !stopped;
}

static enum ctl_status run(struct ctl *ctl, struct watch *w, const char *meter)
{
	char path[1600];
	struct termios before, quiet;
	enum ctl_status what;

	if (tcgetattr(STDIN_FILENO, &before) < 0) {
		fputs("metersimctl: watch needs a terminal\n", stderr);
		return CTL_USAGE;
	}
	snprintf(path, sizeof(path), "/v1/events?meter=%s&points=%s&every=" EVERY, meter, points);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	quiet.c_cc[VMIN] = 0;
	quiet.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	fputs(SCREEN_ON, stdout);
	what = ctl_events(ctl, path, STDIN_FILENO, on_event, want, w);
	fputs(SCREEN_OFF, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (what == CTL_FINE && !stopped) {
		fputs("metersimctl: the daemon has ended\n", stderr);
		what = CTL_NO_DAEMON;
	}
	return what;
}

enum ctl_status ctl_watch(struct ctl *ctl, const char *meter)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct watch *w = calloc(1, sizeof(*w));
	enum ctl_status what;
	char path[300], title[200];
	json_t *json;

	if (!w)
		return CTL_IO;
	snprintf(path, sizeof(path), "/v1/meters/%s", meter);
	what = ctl_ask(ctl, "GET", path, NULL, &json);
	if (what != CTL_FINE) {
		free(w);
		return what;
	}
	snprintf(title, sizeof(title), "%s  %s  serial %08lld", text_at(json, "name"),
		 text_at(json, "model"),
		 (long long)json_integer_value(json_object_get(json, "serial")));
	json_decref(json);
	w->title = title;
	w->size = (size_t)ROWS_MAX * (COLUMNS_MAX + 32);
	w->screen = malloc(w->size);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	what = w->screen ? run(ctl, w, meter) : CTL_IO;
	json_decref(w->values);
	free(w->screen);
	free(w);
	return what;
}
