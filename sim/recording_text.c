/* SPDX-License-Identifier: MIT */
/* recording_text - lines and fields of text files that hold samples, and complaints with places */
#include "sim/recording_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

void recording_text_hide(char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

int recording_log_complain(const struct recording_log *log, const char *format, ...)
{
	char text[640];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	recording_text_hide(text);
	diag_add(log->diag, (struct diag_place){.file = log->path}, "%s", text);
	return -EINVAL;
}

int recording_text_complain(const struct recording_text *in, const char *at, const char *format,
			    ...)
{
	struct diag_place place = {.file = in->path};
	char text[256];
	va_list args;

	if (at) {
		place.line = in->line;
		place.column = (unsigned)(at - in->text) + 1;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	recording_text_hide(text);
	diag_add(in->log->diag, place, "%s", text);
	return -EINVAL;
}

void recording_text_begin(const struct recording_text *in)
{
	static const char mark[] = {'\xef', '\xbb', '\xbf'};
	char begin[sizeof(mark)];

	if (fread(begin, 1, sizeof(begin), in->file) != sizeof(begin) ||
	    memcmp(begin, mark, sizeof(mark)) != 0)
		rewind(in->file);
}

int recording_text_line(struct recording_text *in)
{
	size_t len = 0;
	int c;

	in->line++;
	while ((c = getc_unlocked(in->file)) != EOF && c != '\n') {
		if (c == '\0')
			return recording_text_complain(in, in->text + len,
						       "a zero byte: this is no text file");
		if (len == in->limit_bytes)
			return recording_text_complain(in, in->text,
						       "the line is longer than %zu bytes",
						       in->limit_bytes);
		in->text[len++] = (char)c;
	}
	if (c == EOF && ferror(in->file)) {
		recording_text_complain(in, NULL, "cannot be read: %s", strerror(errno));
		return -EIO;
	}
	if (len && in->text[len - 1] == '\r')
		len--;
	in->text[len] = '\0';
	return c != EOF || len > 0;
}

char *recording_text_field(char **rest, char separator)
{
	char *field = *rest, *end;

	if (!field)
		return NULL;
	end = field + strcspn(field, (const char[]){separator, '\0'});
	*rest = *end ? end + 1 : NULL;
	while (*field == ' ' || (*field == '\t' && field < end))
		field++;
	while (end > field && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end - field >= 2 && *field == '"' && end[-1] == '"') {
		field++;
		end--;
	}
	*end = '\0';
	return field;
}
