#include "talk.h"

#include "dead_slab.h"
#include "kernel/slab.h"

static int begin(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	make_tasks(&t->d, true);
	add_slab(&t->d);
	put_shape(&t->d);
	*state = t;
	return 0;
}

static void open_it(struct talk *t)
{
	dead_open(&t->d);
	t->out = open_memstream(&t->text, &t->len);
	assert_non_null(t->out);
	assert_ok(shell_open(t->d.f.dump, t->d.f.k, "dump", t->out, t->out, &t->sh));
}

static void says(struct talk *t, const char *line, const char *expected)
{
	assert_string_equal(said(t, line), expected);
}

#define HEAD "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n"
#define LINE "ffffffff81060000       60          2         4      1     4k  things\n"

static void caches_and_objects(void **state)
{
	struct talk *t = *state;

	open_it(t);
	says(t, "kmem -s", HEAD LINE);
	says(t, "kmem -s ffffffff81060000", HEAD LINE);
	says(t, "kmem -s other", "kmem: other: no cache of that name or at that address\n");
	says(t, "kmem -S things",
	     HEAD LINE "CPU 0 SHEAVES:\n  0000000000000000\nCPU 2 SHEAVES:\n  0000000000000000\n"
		       "KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n"
		       "ffffffff81060100     0      1        1        0\n"
		       "NODE 0 PARTIAL:\n"
		       "  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n"
		       "  ffffffff8106a400  ffffffff81050000     0      4          2     2\n"
		       "  FREE / [ALLOCATED]\n"
		       "  [ffffffff81050000]\n"
		       "   ffffffff81050040  \n"
		       "  [ffffffff81050080]\n"
		       "   ffffffff810500c0  \n"
		       "NODE 0 FULL:\n  (not tracked)\n\n");
	says(t, "kmem ffffffff81050090",
	     "ffffffff81050090 (D) slab_memory+144\n\n" HEAD LINE "  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n"
		       "  ffffffff8106a400  ffffffff81050000     0      4          2     2\n"
		       "  FREE / [ALLOCATED]\n"
		       "  [ffffffff81050080]\n\n"
		       "      PAGE       PHYSICAL      MAPPING       INDEX CNT FLAGS\n"
		       "ffffffff8106a400   250000 ffffffff81060000        0  1 200 slab\n");
	says(t, "kmem -p 250000", "      PAGE       PHYSICAL      MAPPING       INDEX CNT FLAGS\n"
				  "ffffffff8106a400   250000 ffffffff81060000        0  1 200 slab\n");
	says(t, "kmem -m flags,_refcount ffffffff8106a410",
	     "      PAGE        flags  _refcount\nffffffff8106a400  0000000000000200  00000001\n");
	says(t, "kmem -g 201", "FLAGS: 201\n  PAGE-FLAG              BIT  VALUE\n  PG_locked                0  0000001\n"
			       "  PG_slab                  9  0000200\n");
	says(t, "ptov 250000", "VIRTUAL           PHYSICAL\nffffffff81050000  250000\n");
	says(t, "search -s ffffffff81060400 -l 8 -m ffffffff00000000 6e696874",
	     "ffffffff81060400: 73676e696874 \n");
}

/* A free list that leads out of the slab, or round and round, costs its own cache. */
static void damaged_free_lists(void **state)
{
	struct talk *t = *state;

	dead_put(&t->d, SLAB_MEM + 3 * 64, 8, SLAB_MEM + 64);
	open_it(t);
	assert_non_null(strstr(said(t, "kmem -S things"), "(the free list of slab 0xffffffff8106a400 (things) leads to"));
	assert_non_null(strstr(said(t, "kmem ffffffff81050000"), "kmem: the free list of slab"));
}

static void damaged_slabs(void **state)
{
	struct talk *t = *state;

	dead_put(&t->d, page_of(SLAB_MEM) + 40, 4, 9 | 4 << 16);
	open_it(t);
	assert_non_null(strstr(said(t, "kmem -S things"), "says 9 of 4 objects of 64 bytes"));
	says(t, "kmem -s", HEAD "ffffffff81060000       60          4         4      1     4k  things\n");
}

static void damaged_list_of_caches(void **state)
{
	struct talk *t = *state;

	dead_put(&t->d, CACHE + 24, 8, 0x10);
	open_it(t);
	says(t, "kmem -s", HEAD LINE);
}

static void trees_and_queues(void **state)
{
	struct talk *t = *state;

	open_it(t);
	says(t, "tree my_tree", "ffffffff81060520\nffffffff81060500\nffffffff81060540\n");
	says(t, "tree -l -p my_tree", "ffffffff81060500\n  position: root/l\nffffffff81060520\n  position: root\n"
				      "ffffffff81060540\n  position: root/r\n");
	says(t, "tree -N ffffffff81060540", "ffffffff81060540\n");
	says(t, "tree -t heap my_tree", "tree: heap: expected rbtree, radix, xarray or maple\n");
	says(t, "tree -s rb_node.rb_left my_tree",
	     "ffffffff81060520\n  rb_left = 18446744071579239680\nffffffff81060500\n  rb_left = 0\nffffffff81060540\n"
	     "  rb_left = 0\n");
	says(t, "waitq my_wait", "PID: 50       TASK: ffffffff81020200  CPU: 0    COMMAND: \"server-with-nam\"\n");
	says(t, "waitq ffffffff81060800", "waitq: wait_queue_entry at 0xffffffffffffffe8: address 0xfffffffffffffff0 is in no segment of the dump\n");
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test_setup_teardown(caches_and_objects, begin, talk_end),
		cmocka_unit_test_setup_teardown(damaged_free_lists, begin, talk_end),
		cmocka_unit_test_setup_teardown(damaged_slabs, begin, talk_end),
		cmocka_unit_test_setup_teardown(damaged_list_of_caches, begin, talk_end),
		cmocka_unit_test_setup_teardown(trees_and_queues, begin, talk_end),
	};

	return cmocka_run_group_tests_name("kmem", list, NULL, NULL);
}
