/* What ssh and ssh-keygen say, and what becomes of it in the image. */
#include "../test.h"

#include "service/sshtarget.h"

static const char config[] =
	"host server\nuser root\nhostname server\nport 2222\nhostkeyalias none\nciphers aes256-ctr\n"
	"hostkeyalgorithms ssh-rsa\nkexalgorithms a,b\nproxyjump none\n"
	"userknownhostsfile /root/.ssh/known_hosts /root/.ssh/known_hosts2\nglobalknownhostsfile /etc/ssh/ssh_known_hosts\n";

static void parse(struct ssh_target *t, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_ok(ssh_target_parse(t, copy));
}

static void test_config(void **state)
{
	struct ssh_target t = { .spec = "root@server", .host = "server" };
	_cleanup_strbuf_ struct strbuf text = { 0 };

	t.spec = "root@server";
	t.host = t.spec + 5;
	parse(&t, config);
	assert_string_equal(t.hostname, "server");
	assert_string_equal(t.port, "2222");
	assert_null(t.alias);
	assert_null(t.proxy);
	assert_int_equal(t.known_files.n, 3);
	assert_string_equal(ssh_target_key_name(&t), "server");
	assert_ok(ssh_target_config(&t, "192.0.2.1", &text));
	assert_non_null(strstr(text.s, "\tHostName 192.0.2.1\n\tUser root\n\tHostKeyAlias server\n\tPort 2222\n"));
	assert_non_null(strstr(text.s, "\tCiphers aes256-ctr\n"));
	assert_non_null(strstr(text.s, "\tKexAlgorithms a,b\n"));
	assert_null(strstr(text.s, "HostKeyAlgorithms"));
	assert_non_null(strstr(text.s, "\tStrictHostKeyChecking yes\n"));
	parse(&t, "proxycommand nc %h %p\nhostkeyalias other\n");
	assert_string_equal(t.proxy, "nc %h %p");
	assert_string_equal(ssh_target_key_name(&t), "other");
	ssh_target_done(&t);
}

static void test_keys(void **state)
{
	char lines[] = "# Host server found: line 1\n"
		       "|1|abc=|def= ssh-ed25519 AAAAC3 root@there\n"
		       "@cert-authority *.example.com ssh-rsa AAAAB3\n"
		       "broken line\n"
		       "server,192.0.2.1 ecdsa-sha2-nistp256 AAAAE2\n";
	struct ssh_target t = { 0 };

	assert_ok(ssh_target_take_keys(&t, lines, "server"));
	assert_string_equal(strbuf_str(&t.known), "server ssh-ed25519 AAAAC3\n"
						  "@cert-authority server ssh-rsa AAAAB3\n"
						  "server ecdsa-sha2-nistp256 AAAAE2\n");
	ssh_target_done(&t);
}

/* The established service's words for what is no USER@HOST. */
static void test_spec(void **state)
{
	static const char *const bad[] = { "ssh server\n", "ssh root@\n", "ssh @server\n", "ssh -oX@y\n",
					   "ssh root@a b\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ssh_target t = { 0 };
		struct settings s = { 0 };

		assert_ok(settings_parse(&s, "/etc/kdump.conf", bad[i], strlen(bad[i])));
		assert_error(ssh_target_find(&s, &t), ERROR_USAGE,
			     "Please verify that /etc/kdump.conf contains 'ssh <user>@<host>' and that it is "
			     "properly formatted.");
		ssh_target_done(&t);
		settings_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
