/* SPDX-License-Identifier: MIT */
/*
 * api_parts - what the files of the control API share: the handlers, and how things are found
 *
 * Handlers are of the type of struct route; their ctx is the struct api.
 */
#pragma once
#include "sim/api.h"

#define API_LIST_MAX     200 /* meters or lines in one answer */
#define API_LIST_DEFAULT 100

struct api {
	struct api_config config;
	struct api_events *events;
};

typedef void api_handler(void *ctx, const struct route_request *request, struct route_answer *ret);

/* api.c */
struct api_list {
	const char *kind; /* the member's name */
	size_t total;
	json_t *(*item)(const struct api *api, size_t index);
};

/* The items that the request's "from" and "count" ask for. */
void api_reply_list(const struct api *api, const struct route_request *request,
		    const struct api_list *list, struct route_answer *ret);
/* UTC of a time of the clock, as JSON. */
json_t *api_time(const struct api *api, int64_t at_ns);

/* api_meter.c */
/* By its name; false: refused. */
bool api_find_meter(const struct api *api, const char *name, size_t *ret,
		    struct route_answer *answer);
/* A point by its name that the meter has, with its value; NULL: refused. */
const struct point *api_find_point(const struct meter *meter, const char *name,
				   struct point_value *ret, struct route_answer *answer);
/* 230.1, 42 or "text". */
json_t *api_value(const struct point_value *value);
api_handler api_get_meters, api_get_meter, api_get_points, api_get_point, api_put_point;

/* api_world.c */
api_handler api_get_world, api_get_world_point, api_put_world_point;

/* api_line.c */
bool api_find_line(const struct api *api, const char *name, size_t *ret,
		   struct route_answer *answer);
api_handler api_get_lines, api_get_line;

/* api_fault.c */
api_handler api_get_faults, api_post_fault, api_delete_faults, api_get_fault, api_delete_fault;

/* api_metrics.c */
api_handler api_get_metrics;

/* api_events.c */
struct api_events;

int api_events_create(struct api_events **ret, struct api *api);
void api_events_destroy(struct api_events *events);
size_t api_events_readers(const struct api_events *events);
uint64_t api_events_dropped(const struct api_events *events);
api_handler api_get_events;
