/* SPDX-License-Identifier: MIT */
/* comtrade_cff - the parts of a single-file COMTRADE recording */
#include "sim/comtrade_cff.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define WORDS_MAX 4 /* DAT, BINARY32, 1234, and one too many */

/* What stands between "--- file type:" and "---", at blanks and colons. Returns how many. */
static unsigned split_part(char *line, char *word[WORDS_MAX])
{
	static const char between[] = " \t:";
	char *rest = strchr(line, ':');
	unsigned count = 0;

	while (rest && count < WORDS_MAX) {
		rest += strspn(rest, between);
		if (!*rest || strncmp(rest, "---", 3) == 0)
			break;
		word[count++] = rest;
		rest += strcspn(rest, between);
		if (*rest)
			*rest++ = '\0';
	}
	return count;
}

int comtrade_cff_begin(struct recording_text *in)
{
	char *word[WORDS_MAX];
	int r = recording_text_line(in);

	if (r < 0)
		return r;
	if (r > 0 && comtrade_is_part(in->text) && split_part(in->text, word) == 1 &&
	    strcasecmp(word[0], "CFG") == 0)
		return 0;
	return recording_text_complain(in, in->text,
				       "a CFF file begins with '--- file type: CFG ---'");
}

/* in->text begins a part. 1: it is the data's; 0; -EINVAL (reported). */
static int read_part(const struct comtrade_cfg *cfg, struct recording_text *in, int64_t *ret_bytes)
{
	enum comtrade_encoding encoding;
	char *word[WORDS_MAX];
	const unsigned words = split_part(in->text, word);
	int64_t bytes = -1;

	if (words < 1 || strcasecmp(word[0], "DAT") != 0)
		return 0;
	if (words < 2 || words > 3 || !comtrade_encoding_find(word[1], &encoding))
		return recording_text_complain(in, in->text,
					       "something like '--- file type: DAT ASCII ---' or "
					       "'--- file type: DAT BINARY: 1234 ---' is expected");
	if (encoding != cfg->encoding)
		return recording_text_complain(in, word[1],
					       "the data are %s here, and %s in the configuration",
					       comtrade_encoding_name(encoding),
					       comtrade_encoding_name(cfg->encoding));
	if (words == 3 && (text_to_int(word[2], &bytes) < 0 || bytes < 0))
		return recording_text_complain(in, word[2], "'%.40s' is no number of bytes",
					       word[2]);
	*ret_bytes = encoding == COMTRADE_ASCII ? -1 : bytes;
	return 1;
}

int comtrade_cff_find_data(const struct comtrade_cfg *cfg, struct recording_text *in,
			   int64_t *ret_bytes)
{
	int r = in->text[0] != '\0';

	while (r > 0) {
		const int part = comtrade_is_part(in->text) ? read_part(cfg, in, ret_bytes) : 0;

		if (part != 0)
			return part < 0 ? part : 0;
		r = recording_text_line(in);
	}
	if (r < 0)
		return r;
	return recording_text_complain(in, NULL, "it has no part '--- file type: DAT ...'");
}
