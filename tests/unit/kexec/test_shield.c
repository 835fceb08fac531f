/* A crash load made by a child: what it answers, and that its end is not ours. */
#include "../test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "kexec/shield.h"

static int refuse(const void *arg)
{
	return *(const int *)arg;
}

static int whose(const void *arg)
{
	return getpid() == *(const pid_t *)arg ? 1 : 2;
}

static int be_killed(const void *arg)
{
	(void)arg;
	raise(SIGKILL);
	return 0;
}

static int be_interrupted(const void *arg)
{
	(void)arg;
	kill(getppid(), SIGTERM); /* as a terminal does: to all of the group */
	raise(SIGTERM);
	return 0;
}

static int terms;

static void on_term(int signal)
{
	(void)signal;
	terms++;
}

static void the_answer_comes_back(void **state)
{
	static const int answers[] = { 0, ENOMEM, EBUSY };
	struct shield s = { 0 };
	pid_t me = getpid();

	(void)state;
	assert_int_equal(shield_call(&s, whose, &me), 1);
	shield_raise(&s);
	assert_int_equal(shield_call(&s, whose, &me), 2);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		assert_int_equal(shield_call(&s, refuse, &answers[i]), answers[i]);
	shield_drop(&s);
	assert_int_equal(shield_call(&s, whose, &me), 1);
}

static void a_killed_call_is_told(void **state)
{
	struct shield s = { 0 };

	(void)state;
	shield_raise(&s);
	assert_int_equal(shield_call(&s, be_killed, NULL), ECHILD);
	shield_drop(&s);
}

static void signals_wait_until_it_is_dropped(void **state)
{
	struct sigaction ours = { .sa_handler = on_term }, before;
	struct shield s = { 0 };

	(void)state;
	sigaction(SIGTERM, &ours, &before);
	shield_raise(&s);
	assert_int_equal(shield_call(&s, be_interrupted, NULL), 0); /* the child ran the handler too */
	assert_int_equal(terms, 0);
	shield_drop(&s);
	assert_int_equal(terms, 1);
	sigaction(SIGTERM, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_comes_back),
		cmocka_unit_test(a_killed_call_is_told),
		cmocka_unit_test(signals_wait_until_it_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
