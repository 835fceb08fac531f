/* What the nodes of a cluster hear. */
#include "../test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/internal.h"

static void test_message(void **state)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct plan_fence f = { .interval_s = 1, .count = 2 };
	socklen_t len = sizeof(any);
	struct inet_addr node;
	bool said = false;
	uint32_t got[8];

	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	assert_true(inet_parse("127.0.0.1", &node));
	assert_true(vector_push(&f.nodes, node));
	f.port = ntohs(any.sin_port);
	fence_tell_all(&f, f.count, &said);
	assert_false(said);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 8);
		assert_int_equal(got[0], 0x1b302a40);
		assert_int_equal(got[1], 1);
	}
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
	close(fd);
	vector_done(&f.nodes);
}

/* A node that there is no way to is said once; the others are told. */
static void test_failure(void **state)
{
	struct plan_fence f = { .port = 7410, .interval_s = 1, .count = 1 };
	struct inet_addr node;
	bool said = false;

	assert_true(inet_parse("255.255.255.255", &node)); /* not permitted without asking for it */
	assert_true(vector_push(&f.nodes, node));
	fence_tell_all(&f, 1, &said);
	assert_true(said);
	vector_done(&f.nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
