/* SPDX-License-Identifier: MIT */
/* port_conf - where clients find a line */
#include "sim/port_conf.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/text.h"
#include "sim/tcp_server.h"

#define COUNT(a)        (sizeof(a) / sizeof((a)[0]))
#define DEFAULT_MODE    0600
#define DEFAULT_LATENCY (20 * NS_PER_MS) /* a USB adapter hands over every 16 ms */

/* "0660" */
static bool read_mode(const struct conf_context *context, const struct conf_node *node,
		      const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	const size_t len = text ? strlen(text) : 0;

	if (!text)
		return false;
	if (len < 3 || len > 4 || strspn(text, "01234567") != len || (len == 4 && text[0] != '0')) {
		conf_error(context, node, "%s: '%.20s' is not a file mode such as 0660", field->key,
			   text);
		return false;
	}
	*(uint32_t *)dest = (uint32_t)strtoul(text, NULL, 8);
	return true;
}

static bool read_path(const struct conf_context *context, const struct conf_node *node,
		      const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);

	if (!text)
		return false;
	if (*text == '\0' || data_path_beside(text, context->file, dest) < 0) {
		conf_error(context, node, "%s: a path is expected", field->key);
		return false;
	}
	return true;
}

static bool read_group(const struct conf_context *context, const struct conf_node *node,
		       const struct conf_field *field, void *dest)
{
	char name[CONF_TEXT_MAX];

	if (!conf_name(context, node, field, name))
		return false;
	if (!getgrnam(name)) {
		conf_error(context, node, "%s: this machine has no group '%.60s'", field->key,
			   name);
		return false;
	}
	memcpy(dest, name, sizeof(name));
	return true;
}

static bool read_address(const struct conf_context *context, const struct conf_node *node,
			 const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);

	if (!text)
		return false;
	if (strlen(text) >= TCP_ADDRESS_MAX || tcp_address_check(text) < 0) {
		conf_error(context, node,
			   "%s: '%.60s' is not an address such as 127.0.0.1:5020 or [::1]:5020",
			   field->key, text);
		return false;
	}
	snprintf(dest, DATA_PATH_MAX, "%s", text);
	return true;
}

static const struct conf_field pty_fields[] = {
	{.key = "pty",
	 .read = read_path,
	 .offset = offsetof(struct port_conf, place),
	 .required = true},
	{.key = "mode", .read = read_mode, .offset = offsetof(struct port_conf, mode)},
	{.key = "group", .read = read_group, .offset = offsetof(struct port_conf, group)},
};

static const struct conf_field tty_fields[] = {
	{.key = "tty",
	 .read = read_path,
	 .offset = offsetof(struct port_conf, place),
	 .required = true},
	{.key = "rs485", .read = conf_bool, .offset = offsetof(struct port_conf, rs485)},
	{.key = "adapter_echo",
	 .read = conf_bool,
	 .offset = offsetof(struct port_conf, adapter_echo)},
	{.key = "latency",
	 .read = conf_duration,
	 .offset = offsetof(struct port_conf, latency_ns),
	 .min = 0,
	 .max = 1},
};

static const struct conf_field tcp_fields[] = {
	{.key = "tcp",
	 .read = read_address,
	 .offset = offsetof(struct port_conf, place),
	 .required = true},
	{.key = "latency",
	 .read = conf_duration,
	 .offset = offsetof(struct port_conf, latency_ns),
	 .min = 0,
	 .max = 1},
};

static const struct conf_field modbus_tcp_fields[] = {
	{.key = "modbus_tcp",
	 .read = read_address,
	 .offset = offsetof(struct port_conf, place),
	 .required = true},
	{.key = "timeout",
	 .read = conf_duration,
	 .offset = offsetof(struct port_conf, timeout_ns),
	 .min = 0,
	 .max = 60},
};

/* A port is of the kind whose key it has. */
static const struct kind {
	const struct conf_field *fields;
	size_t count;
} kinds[] = {
	[PORT_PTY] = {pty_fields, COUNT(pty_fields)},
	[PORT_TTY] = {tty_fields, COUNT(tty_fields)},
	[PORT_TCP] = {tcp_fields, COUNT(tcp_fields)},
	[PORT_MODBUS_TCP] = {modbus_tcp_fields, COUNT(modbus_tcp_fields)},
};

/* The kind whose key the map has, COUNT(kinds) without one. false: it has two, reported. */
static bool find_kind(const struct conf_context *context, const struct conf_node *map,
		      size_t *ret_kind)
{
	*ret_kind = COUNT(kinds);
	for (size_t kind = 0; kind < COUNT(kinds); kind++) {
		for (size_t i = 0; map->kind == CONF_MAP && i < map->count; i++) {
			if (strcmp(map->item[2 * i]->text, kinds[kind].fields[0].key) != 0)
				continue;
			if (*ret_kind != COUNT(kinds) && *ret_kind != kind) {
				conf_error(context, map->item[2 * i],
					   "port: either '%s' or '%s', not both",
					   kinds[*ret_kind].fields[0].key,
					   kinds[kind].fields[0].key);
				return false;
			}
			*ret_kind = kind;
		}
	}
	return true;
}

bool port_conf_read(const struct conf_context *context, const struct conf_node *node,
		    struct port_conf *ret)
{
	size_t kind;

	ret->mode = DEFAULT_MODE;
	ret->latency_ns = DEFAULT_LATENCY;
	ret->timeout_ns = -1;
	/* "pty" alone leaves the place to the program */
	if (node->kind == CONF_SCALAR && strcmp(node->text, "pty") == 0)
		return true;
	if (!find_kind(context, node, &kind))
		return false;
	if (kind == COUNT(kinds)) {
		conf_error(context, node,
			   "port: 'pty' is expected, or a map with one of: pty, tty, tcp, "
			   "modbus_tcp");
		return false;
	}
	ret->kind = (enum port_kind)kind;
	return conf_map(context, node, "port", kinds[kind].fields, kinds[kind].count, ret);
}

/* Port 0 is any that is free. */
bool port_conf_clash(const struct port_conf *a, const struct port_conf *b)
{
	const bool tcp = a->kind == PORT_TCP || a->kind == PORT_MODBUS_TCP;
	const size_t len = strlen(a->place);

	if (!*a->place || strcmp(a->place, b->place) != 0)
		return false;
	return !(tcp && len > 2 && strcmp(a->place + len - 2, ":0") == 0);
}
