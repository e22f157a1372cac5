/* SPDX-License-Identifier: MIT */
/* options - the command line of metersimd */
#include "sim/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/text.h"
#include "sim/bench_conf.h"
#include "sim/control.h"
#include "sim/report.h"
#include "sim/tcp_server.h"

enum {
	OPT_CONFIG = 256,
	OPT_CHECK,
	OPT_SEED,
	OPT_SPEED,
	OPT_CAPTURE,
	OPT_RUN,
	OPT_UNTIL,
	OPT_REPORT,
	OPT_CONTROL,
	OPT_PANEL,
	OPT_CONTROL_TOKEN,
	OPT_LOG,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"check", required_argument, NULL, OPT_CHECK},
	{"seed", required_argument, NULL, OPT_SEED},
	{"speed", required_argument, NULL, OPT_SPEED},
	{"capture", required_argument, NULL, OPT_CAPTURE},
	{"run", required_argument, NULL, OPT_RUN},
	{"until", required_argument, NULL, OPT_UNTIL},
	{"report", required_argument, NULL, OPT_REPORT},
	{"control", required_argument, NULL, OPT_CONTROL},
	{"panel", required_argument, NULL, OPT_PANEL},
	{"control-token", required_argument, NULL, OPT_CONTROL_TOKEN},
	{"log", required_argument, NULL, OPT_LOG},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

void options_help(FILE *out)
{
	fputs("usage: metersimd [--config FILE] [--run SCENARIO | --check FILE] [options]\n"
	      "\n"
	      "Simulates energy meters on serial buses. Without --config: the demo bench, a\n"
	      "household's meter on a pseudo terminal, with a command line to read it.\n"
	      "\n"
	      "  --config FILE   run the bench of FILE, in the foreground, until SIGTERM\n"
	      "  --check FILE    is this configuration, model or scenario valid?\n"
	      "  --run SCENARIO  play it in virtual time, without ports, and judge what it "
	      "expects\n"
	      "  --until TIME    with --run: so long, in place of the scenario's duration\n"
	      "  --report FILE   with --run: write the outcome, FILE.xml for JUnit, FILE.tap for "
	      "TAP\n"
	      "  --seed N        where every random thing comes from (overrides the file)\n"
	      "  --speed X       metering time per real time, 0 stands still (overrides the file)\n"
	      "  --capture FILE  record the bus: text to FILE, and FILE.pcapng for Wireshark\n"
	      "  --control PATH  Unix socket of the control API (metersimctl), or off\n"
	      "  --panel ADDRESS:PORT\n"
	      "                  the control API over TCP, too, or off (default)\n"
	      "  --control-token FILE\n"
	      "                  what TCP clients have to show; needed beyond loopback\n"
	      "  --log LEVEL     error, warning, notice (default), info or debug\n"
	      "  --version       print the version\n"
	      "  --help          print this\n"
	      "\n"
	      "Exit status: 0 fine, 1 an expectation failed, 64 usage, 66 no such input, 69 a port "
	      "cannot be opened,\n"
	      "74 I/O error, 78 bad configuration. See metersimd(1), metersim.conf(5).\n",
	      out);
}

static int bad_value(FILE *err, const char *option, const char *value, const char *expected)
{
	fprintf(err, "metersimd: --%s: '%s' is not %s\n", option, value, expected);
	return -EINVAL;
}

/* Of --run. */
static int take_run(struct options *o, int option, FILE *err)
{
	switch (option) {
	case OPT_RUN:
		o->run = optarg;
		return 0;
	case OPT_UNTIL:
		if (conf_parse_duration(optarg, &o->until_ns) < 0 || o->until_ns < NS_PER_S)
			return bad_value(err, "until", optarg, "a duration such as 1h30m");
		return 0;
	case OPT_REPORT:
		o->report = optarg;
		if (report_check_path(optarg) < 0)
			return bad_value(err, "report", optarg,
					 "a file that ends with .xml or .tap");
		return 0;
	default:
		return -ENOENT;
	}
}

static int take(struct options *o, int option, FILE *err)
{
	const int r = take_run(o, option, err);

	if (r != -ENOENT)
		return r;
	switch (option) {
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_CHECK:
		o->check = optarg;
		return 0;
	case OPT_SEED:
		o->has_seed = true;
		if (text_to_int(optarg, &o->seed) < 0)
			return bad_value(err, "seed", optarg, "a whole number");
		return 0;
	case OPT_SPEED:
		o->has_speed = true;
		if (text_to_double(optarg, &o->speed) < 0 || o->speed < 0 ||
		    (o->speed > 0 && o->speed < SPEED_MIN) || o->speed > SPEED_MAX)
			return bad_value(err, "speed", optarg,
					 "0 or a number from 0.001 to 100000");
		return 0;
	case OPT_CAPTURE:
		o->capture = optarg;
		return *optarg ? 0 : bad_value(err, "capture", optarg, "the name of a file");
	case OPT_CONTROL:
		o->control = optarg;
		return *optarg ? 0 : bad_value(err, "control", optarg, "a path or off");
	case OPT_PANEL:
		o->panel = optarg;
		if (strcmp(optarg, CONTROL_OFF) == 0 || tcp_address_check(optarg) == 0)
			return 0;
		return bad_value(err, "panel", optarg, "an address such as 127.0.0.1:8080, or off");
	case OPT_CONTROL_TOKEN:
		o->control_token = optarg;
		return *optarg ? 0 : bad_value(err, "control-token", optarg, "the name of a file");
	case OPT_LOG:
		if (log_level_parse(optarg, &o->log_level) < 0)
			return bad_value(err, "log", optarg,
					 "one of: error, warning, notice, info, debug");
		return 0;
	case OPT_VERSION:
		o->version = true;
		return 0;
	case OPT_HELP:
		o->help = true;
		return 0;
	default: /* getopt has said what is wrong */
		fputs("Try 'metersimd --help'.\n", err);
		return -EINVAL;
	}
}

int options_parse(struct options *ret, int argc, char *const argv[], FILE *err)
{
	struct options o = {.log_level = LOG_LEVEL_NOTICE};
	int option;

	optind = 0; /* start afresh, also after a call that stopped within an argument */
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (take(&o, option, err) < 0)
			return -EINVAL;
	}
	if (optind < argc) {
		fprintf(err,
			"metersimd: unexpected argument '%s' (a bench is given with --config "
			"FILE)\n",
			argv[optind]);
		return -EINVAL;
	}
	if (o.check && (o.config || o.run)) {
		fputs("metersimd: --check excludes --config and --run\n", err);
		return -EINVAL;
	}
	if (!o.run && (o.until_ns || o.report)) {
		fputs("metersimd: --until and --report are for --run only\n", err);
		return -EINVAL;
	}
	*ret = o;
	return 0;
}
