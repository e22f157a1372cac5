/* SPDX-License-Identifier: MIT */
/* ctl_http - metersimctl's side of the control API */
#include "ctl_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX    2048
#define EVENT_MAX  16384 /* of an event */
#define TYPE_MAX   32
#define ANSWER_MAX ((size_t)64 * 1024 * 1024)
#define JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))
#define TURN_MS    200

struct ctl {
	CURL *curl;
	struct curl_slist *headers;
	char base[URL_MAX];
	char place[URL_MAX]; /* for messages */
};

struct text {
	char *bytes;
	size_t len;
};

static size_t keep(char *bytes, size_t size, size_t count, void *ctx)
{
	struct text *text = ctx;
	const size_t len = size * count;
	char *more =
		text->len + len < ANSWER_MAX ? realloc(text->bytes, text->len + len + 1) : NULL;

	if (!more)
		return 0;
	memcpy(more + text->len, bytes, len);
	text->bytes = more;
	text->len += len;
	more[text->len] = '\0';
	return len;
}

static bool add_token(struct ctl *ctl, const char *path)
{
	char token[512], header[600];
	FILE *file = fopen(path, "re");

	if (!file || !fgets(token, sizeof(token), file)) {
		fprintf(stderr, "metersimctl: %s: %s\n", path, strerror(errno));
		if (file)
			fclose(file);
		return false;
	}
	fclose(file);
	token[strcspn(token, "\r\n")] = '\0';
	snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
	ctl->headers = curl_slist_append(ctl->headers, header);
	return true;
}

struct ctl *ctl_open(const char *path, const char *url, const char *token)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl)
		return NULL;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	ctl->curl = curl_easy_init();
	ctl->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!ctl->curl || (token && !add_token(ctl, token))) {
		ctl_close(ctl);
		return NULL;
	}
	snprintf(ctl->base, sizeof(ctl->base), "%s", path ? "http://localhost" : url);
	if (*ctl->base && ctl->base[strlen(ctl->base) - 1] == '/')
		ctl->base[strlen(ctl->base) - 1] = '\0';
	snprintf(ctl->place, sizeof(ctl->place), "%s", path ? path : url);
	curl_easy_setopt(ctl->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(ctl->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(ctl->curl, CURLOPT_PROXY, "");
	if (path)
		curl_easy_setopt(ctl->curl, CURLOPT_UNIX_SOCKET_PATH, path);
	return ctl;
}

void ctl_close(struct ctl *ctl)
{
	if (!ctl)
		return;
	curl_easy_cleanup(ctl->curl);
	curl_slist_free_all(ctl->headers);
	curl_global_cleanup();
	free(ctl);
}

static enum ctl_status no_daemon(const struct ctl *ctl, CURLcode r)
{
	fprintf(stderr, "metersimctl: %s: no metersimd answers (%s)\n", ctl->place,
		curl_easy_strerror(r));
	return CTL_NO_DAEMON;
}

/* What the daemon said against it. */
static enum ctl_status refused(const struct ctl *ctl, long status, const json_t *json)
{
	const json_t *error = json_object_get(json, "error");
	const char *message = json_string_value(json_object_get(error, "message"));
	const char *where = json_string_value(json_object_get(error, "where"));

	if (message)
		fprintf(stderr, "metersimctl: %s%s%s\n",
			strncmp(where ? where : "", "body:", 5) ? "" : where,
			strncmp(where ? where : "", "body:", 5) ? "" : ": ", message);
	else
		fprintf(stderr, "metersimctl: %s: HTTP status %ld\n", ctl->place, status);
	if (status == 404)
		return CTL_NO_SUCH;
	return status == 503 || status == 401 || !message ? CTL_NO_DAEMON : CTL_NOT_MET;
}

static bool set_url(struct ctl *ctl, const char *path)
{
	char url[2 * URL_MAX];

	if ((size_t)snprintf(url, sizeof(url), "%s%s", ctl->base, path) >= sizeof(url))
		return false;
	return curl_easy_setopt(ctl->curl, CURLOPT_URL, url) == CURLE_OK;
}

enum ctl_status ctl_ask(struct ctl *ctl, const char *method, const char *path, json_t *body,
			json_t **ret)
{
	char *words = body ? json_dumps(body, JSON_FLAGS) : NULL;
	struct text answer = {NULL, 0};
	long status = 0;
	json_t *json;
	CURLcode r;

	json_decref(body);
	curl_easy_setopt(ctl->curl, CURLOPT_HTTPHEADER, ctl->headers);
	curl_easy_setopt(ctl->curl, CURLOPT_HTTPGET, 1L);
	if (words)
		curl_easy_setopt(ctl->curl, CURLOPT_POSTFIELDS, words);
	curl_easy_setopt(ctl->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(ctl->curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(ctl->curl, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(ctl->curl, CURLOPT_TIMEOUT, 30L);
	r = set_url(ctl, path) ? curl_easy_perform(ctl->curl) : CURLE_URL_MALFORMAT;
	free(words);
	if (r != CURLE_OK) {
		free(answer.bytes);
		return no_daemon(ctl, r);
	}
	curl_easy_getinfo(ctl->curl, CURLINFO_RESPONSE_CODE, &status);
	json = answer.bytes ? json_loads(answer.bytes, 0, NULL) : NULL;
	free(answer.bytes);
	if (status < 200 || status > 299 || !json) {
		const enum ctl_status what = refused(ctl, status, json);

		json_decref(json);
		return what;
	}
	if (ret)
		*ret = json;
	else
		json_decref(json);
	return CTL_FINE;
}

/* --- events --- */

struct stream {
	void (*event)(void *ctx, const char *type, const json_t *data);
	void *ctx;
	char type[TYPE_MAX];
	char line[EVENT_MAX];
	size_t used;
	struct text refusal; /* what is no event */
	CURL *curl;
};

static void end_line(struct stream *s)
{
	json_t *data;

	s->line[s->used] = '\0';
	s->used = 0;
	if (strncmp(s->line, "event: ", 7) == 0) {
		snprintf(s->type, sizeof(s->type), "%.*s", TYPE_MAX - 1, s->line + 7);
	} else if (strncmp(s->line, "data: ", 6) == 0) {
		data = json_loads(s->line + 6, 0, NULL);
		if (data)
			s->event(s->ctx, s->type, data);
		json_decref(data);
	}
}

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
	struct stream *s = ctx;
	const size_t len = size * count;
	long status = 0;

	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return keep(bytes, size, count, &s->refusal);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			end_line(s);
		else if (s->used + 1 < sizeof(s->line))
			s->line[s->used++] = bytes[i];
	}
	return len;
}

static CURLcode read_stream(struct ctl *ctl, int key_fd, bool (*want)(void *ctx), void *ctx)
{
	struct curl_waitfd key = {.fd = key_fd, .events = CURL_WAIT_POLLIN};
	CURLM *multi = curl_multi_init();
	CURLcode r = CURLE_OK;
	int running = 1, left;
	CURLMsg *message;

	if (!multi)
		return CURLE_OUT_OF_MEMORY;
	curl_multi_add_handle(multi, ctl->curl);
	while (running && want(ctx)) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			break;
		if (running)
			curl_multi_poll(multi, &key, key_fd >= 0 ? 1U : 0U, TURN_MS, NULL);
	}
	while ((message = curl_multi_info_read(multi, &left)))
		r = message->msg == CURLMSG_DONE ? message->data.result : r;
	curl_multi_remove_handle(multi, ctl->curl);
	curl_multi_cleanup(multi);
	return r;
}

enum ctl_status ctl_events(struct ctl *ctl, const char *path, int key_fd,
			   void (*event)(void *ctx, const char *type, const json_t *data),
			   bool (*want)(void *ctx), void *ctx)
{
	struct stream *s = calloc(1, sizeof(*s));
	enum ctl_status what = CTL_FINE;
	long status = 0;
	CURLcode r;

	if (!s)
		return CTL_IO;
	*s = (struct stream){.event = event, .ctx = ctx, .curl = ctl->curl};
	curl_easy_setopt(ctl->curl, CURLOPT_HTTPHEADER, ctl->headers);
	curl_easy_setopt(ctl->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(ctl->curl, CURLOPT_CUSTOMREQUEST, "GET");
	curl_easy_setopt(ctl->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(ctl->curl, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(ctl->curl, CURLOPT_TIMEOUT, 0L);
	r = set_url(ctl, path) ? read_stream(ctl, key_fd, want, ctx) : CURLE_URL_MALFORMAT;
	curl_easy_getinfo(ctl->curl, CURLINFO_RESPONSE_CODE, &status);
	if (r != CURLE_OK) {
		what = no_daemon(ctl, r);
	} else if (status && status != 200) {
		json_t *json = s->refusal.bytes ? json_loads(s->refusal.bytes, 0, NULL) : NULL;

		what = refused(ctl, status, json);
		json_decref(json);
	}
	free(s->refusal.bytes);
	free(s);
	return what;
}
