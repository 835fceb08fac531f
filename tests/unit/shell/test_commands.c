#include "talk.h"

static void says(struct talk *t, const char *line, const char *expected)
{
	assert_string_equal(said(t, line), expected);
}

static void structures(void **state)
{
	struct talk *t = *state;

	says(t, "struct shape",
	     "struct shape {\n"
	     "    enum color color;\n"
	     "    unsigned int a : 3;\n"
	     "    unsigned int b : 5;\n"
	     "    union {\n"
	     "        long u;\n"
	     "        char c[8];\n"
	     "    };\n"
	     "    struct list_head *next;\n"
	     "    char *name;\n"
	     "    long v[3];\n"
	     "    unsigned char small;\n"
	     "    _Bool yes;\n"
	     "    int (*fn)(long);\n"
	     "    struct list_head pair[2];\n"
	     "}\n"
	     "SIZE: 104\n");
	says(t, "struct shape my_shape",
	     "struct shape {\n"
	     "  color = BLUE,\n"
	     "  a = 5,\n"
	     "  b = 17,\n"
	     "  {\n"
	     "    u = 25185,\n"
	     "    c = \"ab\\000\\000\\000\\000\\000\"\n"
	     "  },\n"
	     "  next = 0xffffffff81020000 <init_task>,\n"
	     "  name = 0xffffffff8102b000 <my_text> \"say \\\"hi\\\"\\n\",\n"
	     "  v = {1, 18446744073709551614, 3},\n"
	     "  small = 65 'A',\n"
	     "  yes = true,\n"
	     "  fn = 0xffffffff81000100 <act>,\n"
	     "  pair = {{\n"
	     "      next = 7,\n"
	     "      prev = 8\n"
	     "    }, {\n"
	     "      next = 0,\n"
	     "      prev = 0\n"
	     "    }}\n"
	     "}\n");
	says(t, "shape.a,v my_shape -x", "  a = 0x5,\n  v = {0x1, 0xfffffffffffffffe, 0x3},\n");
	says(t, "struct -o shape",
	     "struct shape {\n"
	     "    [0] enum color color;\n"
	     "    [4] unsigned int a : 3;\n"
	     "    [4] unsigned int b : 5;\n"
	     "        union {\n"
	     "    [8]     long u;\n"
	     "    [8]     char c[8];\n"
	     "        };\n"
	     "   [16] struct list_head *next;\n"
	     "   [24] char *name;\n"
	     "   [32] long v[3];\n"
	     "   [56] unsigned char small;\n"
	     "   [57] _Bool yes;\n"
	     "   [64] int (*fn)(long);\n"
	     "   [72] struct list_head pair[2];\n"
	     "}\n"
	     "SIZE: 104\n");
	says(t, "list_head -l list_head.prev init_task",
	     "struct list_head {\n  next = 0,\n  prev = 1026\n}\n");
	says(t, "struct nothing", "struct: invalid data structure reference: nothing\n");
	says(t, "struct shape.nothing my_shape", "struct: invalid data structure member reference: nothing\n");
}

static void expressions(void **state)
{
	struct talk *t = *state;

	says(t, "p jiffies", "jiffies = $1 = 4294895159\n");
	says(t, "p init_task.comm", "$2 = \"swapper/0\\000\\000\\000\\000\\000\\000\"\n");
	says(t, "px 255 + 1", "$3 = 0x100\n");
	says(t, "p/x 255", "$4 = 0xff\n");
	says(t, "p ((struct shape *)&my_shape)->next", "$5 = (struct list_head *) 0xffffffff81020000 <init_task>\n");
	says(t, "p nothing", "p: No symbol \"nothing\" in current context.\n");
	says(t, "whatis shape.v", "struct shape {\n  [32] long v[3];\n}\n");
	says(t, "whatis color", "enum color {\n  RED = 0\n  BLUE = 4\n};\n");
	says(t, "whatis init_task", "struct task_struct init_task;\n");
	says(t, "eval 1k",
	     "hexadecimal: 400  (1KB)\n    decimal: 1024  \n      octal: 2000\n     binary: "
	     "0000000000000000000000000000000000000000000000000000010000000000\n");
}

static void memory_and_symbols(void **state)
{
	struct talk *t = *state;

	says(t, "rd my_text 2", "ffffffff8102b000:  2269682220796173 000000000000000a   say \"hi\"........\n");
	says(t, "rd -x my_text", "ffffffff8102b000:  2269682220796173 \n");
	says(t, "rd -8 my_text 3", "ffffffff8102b000:  73 61 79                                          say\n");
	says(t, "rd -16 -d my_text 2", "ffffffff8102b000:  24947  8313 \n");
	says(t, "rd -32 my_text+4 1", "ffffffff8102b004:  22696822                              \"hi\"\n");
	says(t, "rd -a my_text", "ffffffff8102b000:  say \"hi\" \n");
	says(t, "rd -s my_shape+16 2",
	     "ffffffff8102a010:  init_task        my_text          \n");
	says(t, "rd 10", "rd: address 0x10 is in no segment of the dump\n");
	says(t, "rd my_text 0", "rd: a count of 0 is out of range (1 to 16777216)\n");
	says(t, "rd -18 my_text", "rd: -18: numbers have 8, 16, 32 or 64 bits\n");
	says(t, "sym act", "ffffffff81000100 (T) act\n");
	says(t, "sym ffffffff81000104", "ffffffff81000104 (T) act+4\n");
	says(t, "sym -n act", "ffffffff81000100 (T) act\nffffffff81000200 (T) act_end\n");
	says(t, "sym -q my_", "ffffffff8102a000 (D) my_shape\nffffffff8102b000 (D) my_text\n");
	says(t, "sym -q xyz", "sym: xyz: no symbol's name contains that\n");
	says(t, "mod", "     MODULE       NAME        BASE           SIZE\n");
}

static void tasks(void **state)
{
	struct talk *t = *state;

	says(t, "set", "    PID: 51\nCOMMAND: \"thread\"\n   TASK: ffffffff81020300  [THREAD_INFO: ffffffff81040000]\n"
		       "    CPU: 1\n  STATE: TASK_IDLE (PANIC)\n");
	says(t, "set 1", "    PID: 1\nCOMMAND: \"init\"\n   TASK: ffffffff81020100  [THREAD_INFO: ffffffff81040000]\n"
			 "    CPU: 1\n  STATE: TASK_IDLE \n");
	says(t, "set 77", "set: invalid task or pid value: 77\n");
	says(t, "set radix 16", "output radix: 16 (hex)\n");
	says(t, "set radix 10", "output radix: 10 (decimal)\n");
	says(t, "set speed 5", "set: speed: no such setting; \"set -v\" lists them\n");
	says(t, "task -R pid,comm 50",
	     "PID: 50       TASK: ffffffff81020200  CPU: 0    COMMAND: \"server-with-nam\"\n"
	     "  pid = 50,\n  comm = \"server-with-name\",\n\n");
	says(t, "ps",
	     "      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n"
	     "        0       0   0  ffffffff81020000  ID   0.0        0        0  [swapper/0]\n"
	     "        0       0   0  ffffffff81020400  ID   0.0        0        0  [swapper/1]\n"
	     "        1       0   1  ffffffff81020100  ID   0.0        0        0  [init]\n"
	     "       50       0   0  ffffffff81020200  ID   0.0        0        0  [server-with-nam]\n"
	     "       51       0   1  ffffffff81020300  ID   0.0        0        0  [thread]\n");
	says(t, "ps -S", "  ID: 5\n");
	says(t, "ps -G -H 's.*r' 50",
	     "        0       0   0  ffffffff81020000  ID   0.0        0        0  [swapper/0]\n"
	     "        0       0   0  ffffffff81020400  ID   0.0        0        0  [swapper/1]\n"
	     "       50       0   0  ffffffff81020200  ID   0.0        0        0  [server-with-nam]\n");
	says(t, "ps -g 50", "PID: 50       TASK: ffffffff81020200  CPU: 0    COMMAND: \"server-with-nam\"\n"
			    "  PID: 51       TASK: ffffffff81020300  CPU: 1    COMMAND: \"thread\"\n\n");
	says(t, "ps nobody", "ps: invalid task or pid value: nobody\n");
}

static void the_line_itself(void **state)
{
	struct talk *t = *state;

	says(t, "", "");
	says(t, "# a remark", "");
	assert_false(t->sh->failed);
	says(t, "foo", "foo: no such command, and no structure of that name; see \"help\"\n");
	assert_true(t->sh->failed);
	says(t, "p (1", "line: ( is not closed\n");
	says(t, "vtop", "Usage:\n  vtop [-u|-k|-c task] address ...\nEnter \"help vtop\" for details.\n");
	assert_non_null(strstr(said(t, "help"), "  bt         show stacks\n"));
	assert_non_null(strstr(said(t, "help dmesg"), "log - show the kernel's log"));
	says(t, "q", "");
	assert_true(t->sh->ended);
}

static void small_commands(void **state)
{
	struct talk *t = *state;

	says(t, "btop 5000", "5000: 5\n");
	says(t, "ptob 5", "5: 5000\n");
	says(t, "ptob ffffffffffffffff", "ptob: ffffffffffffffff: more pages than there can be\n");
	says(t, "pte 8000000001234063",
	     "      PTE         PHYSICAL  FLAGS\n8000000001234063   1234000  (PRESENT|RW|ACCESSED|DIRTY|NX)\n");
	says(t, "ascii 62696c2f7273752f", "62696c2f7273752f: /usr/lib\n");
	says(t, "ptov 2c000:2", "PER-CPU OFFSET: 2c000\n  CPU    VIRTUAL\n  [2]  ffffffff81052000\n");
	says(t, "sig -s 12", "SIGINT SIGTRAP\n");
	says(t, "net -N 0100007f", "127.0.0.1\n");
	says(t, "wr 0 0", "wr: a dump is evidence and is never written to\n");
	says(t, "gdb x/4i panic", "gdb: there is no debugger inside: p, struct, whatis, dis, rd and bt answer what it answered\n");
	says(t, "gdb ptype int", "gdb: there is no debugger inside: \"ptype\" is \"whatis\" here, see \"help whatis\"\n");
	says(t, "search -s my_text -l 16 -c hi", "ffffffff8102b005: hi\".....................................................\n");
	says(t, "search -s my_text -l 16 -h 2079", "ffffffff8102b002: 2079 \n");
	says(t, "search -w 123456789", "search: 123456789: more than 32 bits\n");
	says(t, "dis -l act", "dis: -l: lines and source come from DWARF, which is not read; the rest of dis works without it\n");
}

static void other_names(void **state)
{
	struct talk *t = *state;

	says(t, "alias two p 1 + 1", "");
	says(t, "two", "$1 = 2\n");
	says(t, "two + 3", "$2 = 5\n");
	says(t, "alias p eval", "alias: p: a command has that name\n");
	says(t, "alias two", "ORIGIN   ALIAS    COMMAND\n         two      p 1 + 1\n");
	says(t, "alias two \"\"", "");
	says(t, "alias two", "alias: two: no such alias\n");
	says(t, "hex", "output radix: 16 (hex)\n");
	says(t, "repeat -1 p 7", "$3 = 0x7\n(once: a dump does not change)\n");
	says(t, "repeat repeat p 7", "Usage:\n  repeat [-seconds] command\nEnter \"help repeat\" for details.\n");
}

/* The same rows, as objects; what is no row is lines of text; errors are a member. */
static void answers_in_json(void **state)
{
	struct talk *t = *state;

	says(t, "btop --json 5000",
	     "{\"command\":\"btop 5000\",\"rows\":[{\"row\":\"conversion\",\"bytes\":\"0x5000\",\"page\":\"0x5\"}\n]}\n");
	says(t, "sym act --json",
	     "{\"command\":\"sym act\",\"rows\":[{\"row\":\"symbol\",\"address\":\"0xffffffff81000100\",\"type\":\"T\",\"symbol\":\"act\"}"
	     "\n]}\n");
	says(t, "p 1 + 1 --json", "{\"command\":\"p 1 + 1\",\"rows\":[],\"text\":[\"$1 = 2\"]}\n");
	says(t, "ptob ffffffffffffffff --json",
	     "{\"command\":\"ptob ffffffffffffffff\",\"rows\":[],\"error\":\"ptob: ffffffffffffffff: more pages than there can "
	     "be\"}\n");
	says(t, "task -R pid 1 --json",
	     "{\"command\":\"task -R pid 1\",\"rows\":[{\"row\":\"task\",\"pid\":1,\"task\":\"0xffffffff81020100\",\"cpu\":1,"
	     "\"command\":\"init\"}\n],\"text\":[\"  pid = 1,\",\"\"]}\n");
	says(t, "btop 1000", "1000: 1\n");
}

/* Output to a file and through a pipe. */
static void redirection(void **state)
{
	struct talk *t = *state;
	_cleanup_free_ char *folder = NULL, *text = NULL;
	char line[256], name[200];

	assert_ok(file_private_folder(&folder));
	snprintf(name, sizeof(name), "%s/out", folder);
	snprintf(line, sizeof(line), "p jiffies > %s", name);
	says(t, line, "");
	snprintf(line, sizeof(line), "p 1 + 1 >> %s", name);
	says(t, line, "");
	snprintf(line, sizeof(line), "p 3 | sed s/3$/three/ >> %s", name);
	says(t, line, "");
	assert_ok(file_read(AT_FDCWD, name, 1000, &text, NULL));
	assert_string_equal(text, "jiffies = $1 = 4294895159\n$2 = 2\n$3 = three\n");
	snprintf(line, sizeof(line), "p 1 > %s/none/out", folder);
	assert_non_null(strstr(said(t, line), "cannot open for writing"));
	file_remove_tree(folder);
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test_setup_teardown(structures, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(expressions, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(memory_and_symbols, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(tasks, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(the_line_itself, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(small_commands, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(other_names, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(answers_in_json, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(redirection, talk_begin, talk_end),
	};

	return cmocka_run_group_tests_name("commands", list, NULL, NULL);
}
