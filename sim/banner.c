/* SPDX-License-Identifier: MIT */
/* banner - what the daemon prints when its ports are open */
#include "sim/banner.h"

#include "sim/port.h"

#define METERS_SHOWN 8 /* of one line */

static char parity_letter(int64_t parity)
{
	return parity == POINT_PARITY_NONE ? 'N' : parity == POINT_PARITY_ODD ? 'O' : 'E';
}

static void print_meter(FILE *out, const struct meter *meter, const struct bench_meter_conf *conf)
{
	fprintf(out, "             address %3lld, %5lld 8%c1: %s (%s, serial %08lld)\n",
		(long long)meter_setting(meter, POINT_MODBUS_ID),
		(long long)meter_setting(meter, POINT_BAUD),
		parity_letter(meter_setting(meter, POINT_PARITY)), conf->name, conf->model->name,
		(long long)conf->serial);
}

static void print_line(FILE *out, const struct bench *bench, const struct bench_conf *conf,
		       const struct bench_line *line)
{
	const struct bench_line_conf *info = bench_line_conf_of(line);
	char place[PORT_PLACE_MAX];

	bench_line_place(line, place);
	fprintf(out, "  %-10s %s  %s\n", info->name, bench_line_protocol(line), place);
	for (size_t i = 0; i < info->meter_count && i < METERS_SHOWN; i++)
		print_meter(out, bench_meter_at(bench, info->meters[i]),
			    &conf->meters[info->meters[i]]);
	if (info->meter_count > METERS_SHOWN)
		fprintf(out, "             and %zu more\n", info->meter_count - METERS_SHOWN);
}

static void print_demo(FILE *out, const struct bench *bench)
{
	const struct bench_line *line = bench_line_at(bench, 0);
	const char *path = bench_line_path(line);
	const struct meter *meter = bench_meter_at(bench, bench_line_conf_of(line)->meters[0]);
	const long long id = (long long)meter_setting(meter, POINT_MODBUS_ID);
	const long long baud = (long long)meter_setting(meter, POINT_BAUD);

	fprintf(out,
		"\nA household's meter, at the local time of day; L3 has solar panels.\n"
		"Copy one of these into another terminal:\n\n"
		"  voltages L1 L2 L3 (V), once a second\n"
		"  mbpoll -m rtu -a %lld -b %lld -P none -t 4:float -B -0 -r 0x5002 -c 3 %s\n\n"
		"  active power: total, L1 L2 L3 (kW); negative is export\n"
		"  mbpoll -m rtu -a %lld -b %lld -P none -t 4:float -B -0 -r 0x5012 -c 4 %s\n\n"
		"  energy: total, T1, T2 (kWh), read once\n"
		"  mbpoll -m rtu -a %lld -b %lld -P none -t 4:float -B -0 -r 0x6000 -c 3 -1 %s\n\n",
		id, baud, path, id, baud, path, id, baud, path);
	fputs("Ctrl-C ends it. Your own bench: metersimd --config FILE, see metersim.conf(5).\n",
	      out);
}

static void print_control(FILE *out, const struct control *control)
{
	if (*control_path(control))
		fprintf(out, "  %-10s metersimctl  %s\n", "control", control_path(control));
	if (*control_panel(control))
		fprintf(out, "  %-10s HTTP  http://%s\n", "panel", control_panel(control));
}

void banner_print(FILE *out, const struct bench *bench, const struct bench_conf *conf,
		  const struct control *control, bool demo)
{
	fprintf(out, "metersimd %s: %zu meter%s on %zu line%s\n", METERSIM_VERSION,
		conf->meter_count, conf->meter_count == 1 ? "" : "s", conf->line_count,
		conf->line_count == 1 ? "" : "s");
	for (size_t i = 0; i < bench_line_count(bench); i++)
		print_line(out, bench, conf, bench_line_at(bench, i));
	print_control(out, control);
	if (demo)
		print_demo(out, bench);
	fputs("ready\n", out);
	fflush(out);
}
