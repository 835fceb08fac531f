/* DHCP packets: what is asked, what an answer says, and answers that are none. */
#include "../test.h"

#include <sys/socket.h>

#include "net/dhcp.h"

static const unsigned char mac[MAC_LEN] = { 0x52, 0x54, 0, 0x5a, 0x1f, 1 };

struct packet {
	unsigned char bytes[DHCP_ROOM];
	size_t len;
};

static void option(struct packet *p, unsigned which, const void *bytes, size_t len)
{
	p->bytes[p->len++] = which;
	p->bytes[p->len++] = len;
	memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

/* An answer up to its options. */
static void begin(struct packet *p, unsigned type, uint32_t xid, uint32_t address)
{
	unsigned char one = type;

	*p = (struct packet){ .len = 240 };
	p->bytes[0] = 2;
	p->bytes[1] = 1;
	p->bytes[2] = 6;
	put_u32(p->bytes + 4, xid, true);
	put_u32(p->bytes + 16, address, true);
	memcpy(p->bytes + 28, mac, sizeof(mac));
	put_u32(p->bytes + 236, 0x63825363, true);
	option(p, 53, &one, 1);
}

static void number(struct packet *p, unsigned which, uint32_t v)
{
	unsigned char bytes[4];

	put_u32(bytes, v, true);
	option(p, which, bytes, 4);
}

static void end(struct packet *p)
{
	p->bytes[p->len++] = 255;
}

static const unsigned char *find_option(const unsigned char *packet, size_t len, unsigned which)
{
	for (size_t i = 240; i + 1 < len && packet[i] != 255; i += 2u + packet[i + 1])
		if (packet[i] == which)
			return packet + i + 1; /* its length, then the value */
	return NULL;
}

static void test_build(void **state)
{
	struct dhcp_request rq = { .type = DHCP_REQUEST, .xid = 0x01020304, .seconds = 70000, .host = "lab" };
	unsigned char packet[DHCP_ROOM];
	const unsigned char *o;
	size_t len;

	memcpy(rq.mac, mac, sizeof(mac));
	assert_true(inet_parse("192.0.2.7", &rq.wanted));
	len = dhcp_build(&rq, packet);
	assert_in_range(len, 300, DHCP_ROOM);
	assert_int_equal(packet[0], 1);
	assert_int_equal(get_u32(packet + 4, true), 0x01020304);
	assert_int_equal(get_u16(packet + 8, true), 0xffff); /* no more fits */
	assert_int_equal(get_u16(packet + 10, true), 0x8000);
	assert_int_equal(get_u32(packet + 12, true), 0); /* INIT-REBOOT: no ciaddr */
	assert_memory_equal(packet + 28, mac, 6);
	o = find_option(packet, len, 53);
	assert_true(o && o[0] == 1 && o[1] == DHCP_REQUEST);
	o = find_option(packet, len, 50);
	assert_true(o && o[0] == 4 && o[4] == 7);
	assert_null(find_option(packet, len, 54)); /* and no server (RFC 2131, 4.3.2) */
	o = find_option(packet, len, 61);
	assert_true(o && o[0] == 7 && o[1] == 1);
	assert_memory_equal(o + 2, mac, 6);
	o = find_option(packet, len, 12);
	assert_true(o && o[0] == 3);
	assert_memory_equal(o + 1, "lab", 3);
}

static void test_answer(void **state)
{
	struct dhcp_reply r;
	struct packet p;

	begin(&p, DHCP_ACK, 7, 0xc0000207);
	number(&p, 1, 0xfffffe00);
	number(&p, 3, 0xc0000201);
	number(&p, 51, 3600);
	number(&p, 54, 0xc0000202);
	option(&p, 26, "\x05\x78", 2);
	end(&p);
	assert_ok(dhcp_parse(p.bytes, p.len, 7, mac, &r));
	assert_int_equal(r.type, DHCP_ACK);
	assert_int_equal(r.addr.prefix, 23);
	assert_int_equal(get_u32(r.addr.bytes, true), 0xc0000207);
	assert_int_equal(get_u32(r.server.bytes, true), 0xc0000202);
	assert_int_equal(r.lease_s, 3600);
	assert_int_equal(r.mtu, 1400);
	assert_int_equal(r.nr_routes, 1);
	assert_int_equal(r.routes[0].to.prefix, 0);
	assert_int_equal(get_u32(r.routes[0].via.bytes, true), 0xc0000201);
}

/* Classless routes take the router option's place, wherever they stand (RFC 3442). */
static void test_classless(void **state)
{
	static const unsigned char routes[] = { 24, 10, 9, 8, 192, 0, 2, 1, 0, 192, 0, 2, 254, 32, 10, 1, 1, 1, 0, 0, 0, 0 };
	struct dhcp_reply r;
	struct packet p;

	begin(&p, DHCP_OFFER, 7, 0xc0000207);
	option(&p, 121, routes, sizeof(routes));
	number(&p, 3, 0xc0000201);
	end(&p);
	assert_ok(dhcp_parse(p.bytes, p.len, 7, mac, &r));
	assert_int_equal(r.nr_routes, 3);
	assert_int_equal(r.routes[0].to.prefix, 24);
	assert_int_equal(get_u32(r.routes[0].to.bytes, true), 0x0a090800);
	assert_int_equal(r.routes[1].to.prefix, 0);
	assert_int_equal(get_u32(r.routes[1].via.bytes, true), 0xc00002fe);
	assert_int_equal(r.routes[2].to.prefix, 32);
	assert_int_equal(get_u32(r.routes[2].via.bytes, true), 0);
	assert_int_equal(r.addr.prefix, 24); /* no mask: class C */
}

/* Options that go on in the fields for file and server name. */
static void test_overload(void **state)
{
	struct dhcp_reply r;
	struct packet p;

	begin(&p, DHCP_ACK, 7, 0x0a000007);
	option(&p, 52, "\x03", 1);
	end(&p);
	memcpy(p.bytes + 108, "\x01\x04\xff\xff\xff\x00\xff", 7);
	memcpy(p.bytes + 44, "\x03\x04\x0a\x00\x00\x01\xff", 7);
	assert_ok(dhcp_parse(p.bytes, p.len, 7, mac, &r));
	assert_int_equal(r.addr.prefix, 24);
	assert_int_equal(r.nr_routes, 1);
}

static void test_no_answers(void **state)
{
	struct dhcp_reply r;
	struct packet p;

	begin(&p, DHCP_ACK, 7, 0xc0000207);
	end(&p);
	assert_ok(dhcp_parse(p.bytes, p.len, 7, mac, &r));
	assert_error(dhcp_parse(p.bytes, p.len, 8, mac, &r), ERROR_NOT_FOUND, "not an answer");
	assert_error(dhcp_parse(p.bytes, 239, 7, mac, &r), ERROR_NOT_FOUND, "not an answer");
	p.bytes[33] ^= 1; /* another card */
	assert_error(dhcp_parse(p.bytes, p.len, 7, mac, &r), ERROR_NOT_FOUND, "not an answer");
	begin(&p, DHCP_DISCOVER, 7, 0xc0000207);
	end(&p);
	assert_error(dhcp_parse(p.bytes, p.len, 7, mac, &r), ERROR_NOT_FOUND, "no answer");
}

static void test_broken(void **state)
{
	struct dhcp_reply r;
	struct packet p;

	begin(&p, DHCP_ACK, 7, 0xc0000207);
	number(&p, 1, 0xff00ff00); /* a mask with a hole */
	assert_error(dhcp_parse(p.bytes, p.len, 7, mac, &r), ERROR_BAD_DATA, "broken option");
	begin(&p, DHCP_ACK, 7, 0xc0000207);
	option(&p, 121, "\x21\x01\x02\x03\x04\x05\x06\x07\x08\x09", 10); /* 33 bits */
	assert_error(dhcp_parse(p.bytes, p.len, 7, mac, &r), ERROR_BAD_DATA, "broken option");
	begin(&p, DHCP_ACK, 7, 0xc0000207);
	number(&p, 3, 1);
	assert_error(dhcp_parse(p.bytes, p.len - 1, 7, mac, &r), ERROR_BAD_DATA, "broken option");
	begin(&p, DHCP_ACK, 7, 0); /* 0.0.0.0 is nobody's */
	end(&p);
	assert_error(dhcp_parse(p.bytes, p.len, 7, mac, &r), ERROR_BAD_DATA, "none for a host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),	   cmocka_unit_test(test_answer),
		cmocka_unit_test(test_classless),  cmocka_unit_test(test_overload),
		cmocka_unit_test(test_no_answers), cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
