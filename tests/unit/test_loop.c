/* SPDX-License-Identifier: MIT */
/* test_loop - descriptors, timers and signals, in real time but only milliseconds of it */
#include "sim/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clk.h"
#include "sim/clk_real.h"

#define LIMIT_NS (2 * NS_PER_S) /* for what should take milliseconds, on a busy machine */

/* A loop with a watchdog, and what one callback has seen. */
struct bench {
	struct loop *loop;
	struct clk clk;
	struct loop_timer *watchdog;
	bool late;
	struct loop_timer *timer;
	struct loop_io *io;
	int pipe[2];
	int calls;
	int64_t called_ns;
	int64_t again_ns; /* the timer sets itself anew this much later */
	int until;        /* so many calls */
	char last;
};

static void on_watchdog(void *ctx)
{
	struct bench *b = ctx;

	b->late = true;
	loop_stop(b->loop);
}

static void set_up(struct bench *b)
{
	*b = (struct bench){.clk = clk_real(), .until = 1};
	assert_int_equal(loop_create(&b->loop), 0);
	assert_int_equal(loop_timer_add(&b->watchdog, b->loop, on_watchdog, b), 0);
	assert_int_equal(pipe(b->pipe), 0);
}

static void tear_down(struct bench *b)
{
	loop_timer_remove(b->watchdog);
	loop_timer_remove(b->timer);
	loop_io_remove(b->io);
	loop_destroy(b->loop);
	close(b->pipe[0]);
	close(b->pipe[1]);
}

/* Until a callback stops it. */
static void run(struct bench *b)
{
	loop_timer_set(b->watchdog, clk_now(&b->clk) + LIMIT_NS);
	loop_run(b->loop);
	loop_timer_set(b->watchdog, CLK_NEVER);
	assert_false(b->late);
}

/* For so long, which must not be cut short. */
static void run_for(struct bench *b, int64_t ns)
{
	loop_timer_set(b->watchdog, clk_now(&b->clk) + ns);
	loop_run(b->loop);
	assert_true(b->late);
	b->late = false;
}

static void count_call(struct bench *b)
{
	b->called_ns = clk_now(&b->clk);
	if (++b->calls == b->until)
		loop_stop(b->loop);
}

static void on_timer(void *ctx)
{
	struct bench *b = ctx;

	if (b->again_ns && b->calls + 1 < b->until)
		loop_timer_set(b->timer, clk_now(&b->clk) + b->again_ns);
	count_call(b);
}

static void timers_expire_at_their_time(void **state)
{
	static const int64_t in_ns[] = {3 * NS_PER_MS, 1500 * NS_PER_US, 1, 0, -NS_PER_S};
	struct bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(loop_timer_add(&b.timer, b.loop, on_timer, &b), 0);
	for (size_t i = 0; i < sizeof(in_ns) / sizeof(in_ns[0]); i++) {
		const int64_t deadline_ns = clk_now(&b.clk) + in_ns[i];

		b.calls = 0;
		loop_timer_set(b.timer, deadline_ns);
		run(&b);
		assert_int_equal(b.calls, 1);
		assert_true(b.called_ns >= deadline_ns);
	}
	/* long past, before the clock began, and twice the same */
	for (int64_t deadline_ns = -1; deadline_ns <= 1; deadline_ns++) {
		for (int twice = 0; twice < 2; twice++) {
			b.calls = 0;
			loop_timer_set(b.timer, deadline_ns);
			run(&b);
			assert_int_equal(b.calls, 1);
		}
	}
	b.until = -1;
	run_for(&b, 5 * NS_PER_MS); /* and once only */
	assert_int_equal(b.calls, 1);
	tear_down(&b);
}

static void timers_can_be_taken_back(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	b.until = -1;
	assert_int_equal(loop_timer_add(&b.timer, b.loop, on_timer, &b), 0);
	run_for(&b, 2 * NS_PER_MS); /* not set yet */
	loop_timer_set(b.timer, clk_now(&b.clk) + NS_PER_MS);
	loop_timer_set(b.timer, CLK_NEVER);
	run_for(&b, 5 * NS_PER_MS);
	loop_timer_set(b.timer, clk_now(&b.clk) - 1); /* expired, but not looked at */
	loop_timer_set(b.timer, CLK_NEVER);
	run_for(&b, 5 * NS_PER_MS);
	loop_timer_set(b.timer, clk_now(&b.clk) + NS_PER_MS);
	loop_timer_set(b.timer, clk_now(&b.clk) + NS_PER_H); /* put off */
	run_for(&b, 5 * NS_PER_MS);
	assert_int_equal(b.calls, 0);
	tear_down(&b);
}

static void timers_set_themselves_anew(void **state)
{
	struct bench b;
	int64_t begin_ns;

	(void)state;
	set_up(&b);
	assert_int_equal(loop_timer_add(&b.timer, b.loop, on_timer, &b), 0);
	b.again_ns = NS_PER_MS / 2;
	b.until = 10;
	begin_ns = clk_now(&b.clk);
	loop_timer_set(b.timer, begin_ns);
	run(&b);
	assert_true(clk_now(&b.clk) >= begin_ns + 9 * b.again_ns);
	b.again_ns = -NS_PER_MS; /* past already: at once, but others get their turn */
	b.calls = 0;
	b.until = 1000;
	loop_timer_set(b.timer, 1);
	run(&b);
	assert_int_equal(b.calls, 1000);
	tear_down(&b);
}

static void remove_own_timer(void *ctx)
{
	struct bench *b = ctx;

	loop_timer_remove(b->timer);
	b->timer = NULL;
	count_call(b);
}

static void a_timer_may_remove_itself(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(loop_timer_add(&b.timer, b.loop, remove_own_timer, &b), 0);
	loop_timer_set(b.timer, 1);
	run(&b);
	run_for(&b, 2 * NS_PER_MS);
	assert_int_equal(b.calls, 1);
	tear_down(&b);
}

static void on_readable(void *ctx)
{
	struct bench *b = ctx;

	assert_int_equal(read(b->pipe[0], &b->last, 1), 1);
	count_call(b);
}

static void descriptors_are_told_of(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(loop_io_add(&b.io, b.loop, b.pipe[0], on_readable, &b), 0);
	b.until = 3;
	assert_int_equal(write(b.pipe[1], "abc", 3), 3);
	run(&b); /* as long as there is something left */
	assert_int_equal(b.calls, 3);
	assert_int_equal(b.last, 'c');
	run_for(&b, 2 * NS_PER_MS);
	loop_io_remove(b.io);
	b.io = NULL;
	assert_int_equal(write(b.pipe[1], "d", 1), 1);
	run_for(&b, 2 * NS_PER_MS);
	assert_int_equal(b.calls, 3);
	tear_down(&b);
}

static void on_signal(void *ctx)
{
	count_call(ctx);
}

static void signals_are_caught(void **state)
{
	struct loop_signal *sig;
	struct bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(loop_signal_add(&sig, b.loop, SIGUSR1, on_signal, &b), 0);
	for (int i = 1; i <= 2; i++) {
		b.until = i;
		raise(SIGUSR1);
		run(&b);
		assert_int_equal(b.calls, i);
	}
	loop_signal_remove(sig);
	tear_down(&b);
}

static void nothing_can_be_removed(void **state)
{
	(void)state;
	loop_io_remove(NULL);
	loop_timer_remove(NULL);
	loop_signal_remove(NULL);
	loop_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_expire_at_their_time),
		cmocka_unit_test(timers_can_be_taken_back),
		cmocka_unit_test(timers_set_themselves_anew),
		cmocka_unit_test(a_timer_may_remove_itself),
		cmocka_unit_test(descriptors_are_told_of),
		cmocka_unit_test(signals_are_caught),
		cmocka_unit_test(nothing_can_be_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
