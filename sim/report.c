/* SPDX-License-Identifier: MIT */
/* report - how the expectations of a scenario came out */
#include "sim/report.h"

#include <errno.h>
#include <string.h>

#define FAILURES_SHOWN 100

static double seconds(int64_t ns)
{
	return (double)ns * 1e-9;
}

static bool ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

size_t report_failures(const struct report *r)
{
	size_t failures = 0;

	for (size_t i = 0; i < director_count(r->director); i++)
		failures += !director_judgement(r->director, i)->held;
	return failures;
}

void report_print_failures(const struct report *r, FILE *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < director_count(r->director); i++) {
		const struct judgement *j = director_judgement(r->director, i);

		if (j->held)
			continue;
		if (shown++ < FAILURES_SHOWN)
			fprintf(out, "%s:%u: at %.10g s: %s: it is %s\n", r->file, j->file_line,
				seconds(j->at_ns), j->what, j->is);
	}
	if (shown > FAILURES_SHOWN)
		fprintf(out, "and %zu more\n", shown - FAILURES_SHOWN);
}

/* What XML must not have as it is; control characters cannot come here. */
static void put_xml(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if ((unsigned char)*text >= ' ')
				fputc(*text, out);
			break;
		}
	}
}

static void put_case(FILE *out, const struct report *r, const struct judgement *j)
{
	fputs("    <testcase classname=\"", out);
	put_xml(out, r->scenario);
	fprintf(out, "\" name=\"at %.10g s: ", seconds(j->at_ns));
	put_xml(out, j->what);
	fprintf(out, "\" time=\"%.3f\"", seconds(j->at_ns));
	if (j->held) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n      <failure message=\"it is ", out);
	put_xml(out, j->is);
	fputs("\">", out);
	put_xml(out, r->file);
	fprintf(out, ":%u</failure>\n    </testcase>\n", j->file_line);
}

void report_junit(const struct report *r, FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"",
	      out);
	put_xml(out, r->scenario);
	fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"%.3f\">\n",
		director_count(r->director), report_failures(r), seconds(r->duration_ns));
	for (size_t i = 0; i < director_count(r->director); i++)
		put_case(out, r, director_judgement(r->director, i));
	fputs("  </testsuite>\n</testsuites>\n", out);
}

/* '#' begins a directive in TAP. */
static void put_tap(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

void report_tap(const struct report *r, FILE *out)
{
	fprintf(out, "TAP version 13\n1..%zu\n", director_count(r->director));
	for (size_t i = 0; i < director_count(r->director); i++) {
		const struct judgement *j = director_judgement(r->director, i);

		fprintf(out, "%s %zu - at %.10g s: ", j->held ? "ok" : "not ok", i + 1,
			seconds(j->at_ns));
		put_tap(out, j->what);
		fputc('\n', out);
		if (!j->held)
			fprintf(out, "  ---\n  is: '%s'\n  at: '%s:%u'\n  ...\n", j->is, r->file,
				j->file_line);
	}
}

int report_check_path(const char *path)
{
	return ends_with(path, ".xml") || ends_with(path, ".tap") ? 0 : -EINVAL;
}

int report_write(const struct report *r, const char *path)
{
	FILE *out;
	int failed;

	if (report_check_path(path) < 0)
		return -EINVAL;
	out = fopen(path, "we");
	if (!out)
		return -errno;
	if (ends_with(path, ".xml"))
		report_junit(r, out);
	else
		report_tap(r, out);
	failed = ferror(out);
	if (fclose(out) != 0)
		return errno ? -errno : -EIO;
	return failed ? -EIO : 0;
}
