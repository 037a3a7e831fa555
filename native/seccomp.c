#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "This processor's system calls are not known."
#endif

#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* Numbers that are the same on every architecture and newer than our headers may be. */
#define LISTNS 470
#define OPEN_TREE_ATTR 467

/*
 * Denied with EPERM. Most need a capability that nobody inside has; they are denied all the same because the kernel code behind them is where
 * the bugs were. Keyrings belong to a user and not to a sandbox; io_uring makes calls that no filter sees.
 */
static const unsigned int denied[] = {
	SYS_mount,	      SYS_umount2,	    SYS_pivot_root,	 SYS_fsopen,	       SYS_fsconfig,	 SYS_fsmount,
	SYS_fspick,	      SYS_move_mount,	    SYS_open_tree,	 SYS_mount_setattr,    OPEN_TREE_ATTR,	 LISTNS,
	SYS_unshare,	      SYS_setns,	    SYS_chroot,		 SYS_ptrace,	       SYS_process_vm_readv, SYS_process_vm_writev,
	SYS_kcmp,	      SYS_pidfd_getfd,	    SYS_process_madvise, SYS_perf_event_open,  SYS_bpf,		 SYS_userfaultfd,
	SYS_io_uring_setup,   SYS_io_uring_enter,   SYS_io_uring_register, SYS_keyctl,	       SYS_add_key,	 SYS_request_key,
	SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_fanotify_init, SYS_fanotify_mark,    SYS_kexec_load,	 SYS_kexec_file_load,
	SYS_init_module,      SYS_finit_module,	    SYS_delete_module,	 SYS_reboot,	       SYS_swapon,	 SYS_swapoff,
	SYS_acct,	      SYS_quotactl,	    SYS_quotactl_fd,	 SYS_settimeofday,     SYS_clock_settime, SYS_clock_adjtime,
	SYS_adjtimex,	      SYS_sethostname,	    SYS_setdomainname,	 SYS_syslog,	       SYS_vhangup,	 SYS_nfsservctl,
	SYS_lookup_dcookie,   SYS_move_pages,	    SYS_migrate_pages,	 SYS_mbind,	       SYS_set_mempolicy, SYS_vmsplice,
	SYS_memfd_secret,
#ifdef __x86_64__
	SYS_iopl,	      SYS_ioperm,	    SYS_modify_ldt,	 SYS_uselib,	       SYS_ustat,	 SYS__sysctl,
	SYS_create_module,    SYS_get_kernel_syms,  SYS_query_module,
#endif
};

static struct sock_filter program[512];
static unsigned short length;

static void add(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false)
{
	if (length >= sizeof(program) / sizeof(*program))
		abort();

	program[length++] = (struct sock_filter){ .code = code, .jt = if_true, .jf = if_false, .k = value };
}

static void load(size_t offset)
{
	add(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(uint32_t value)
{
	add(BPF_RET | BPF_K, value, 0, 0);
}

static void fail(int error)
{
	answer(SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* The low half is what the kernel takes of a flag or family that has 32 bits. */
static void load_argument(unsigned int number)
{
	load(offsetof(struct seccomp_data, args) + number * sizeof(uint64_t));
}

static void load_call(void)
{
	load(offsetof(struct seccomp_data, nr));
}

/* Runs the next `count` instructions only for this call. */
static void for_call(unsigned int call, uint8_t count)
{
	add(BPF_JMP | BPF_JEQ | BPF_K, call, 0, count);
}

static void deny_foreign_calls(void)
{
	load(offsetof(struct seccomp_data, arch));
	add(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	answer(SECCOMP_RET_KILL_PROCESS);
	load_call();
#ifdef __x86_64__
	/* x32 shares the architecture and not the numbers. */
	add(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
	fail(ENOSYS);
#endif
}

static void announce_commands(void)
{
	for_call(SYS_execve, 1);
	answer(SECCOMP_RET_USER_NOTIF);
	for_call(SYS_execveat, 1);
	answer(SECCOMP_RET_USER_NOTIF);
}

static void deny_namespaces(void)
{
	/* Its flags are in memory, which a filter cannot read; every library falls back to clone. */
	for_call(SYS_clone3, 1);
	fail(ENOSYS);

	for_call(SYS_clone, 4);
	load_argument(0);
	add(BPF_JMP | BPF_JSET | BPF_K, CLONE_NAMESPACES, 0, 1);
	fail(EPERM);
	load_call();
}

static void allow_families(unsigned int call)
{
	for_call(call, 6);
	load_argument(0);
	add(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 3, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
	fail(EAFNOSUPPORT);
	load_call();
}

static void deny_argument(unsigned int call, unsigned int number, uint32_t value)
{
	for_call(call, 4);
	load_argument(number);
	add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	fail(EPERM);
	load_call();
}

static void deny_device_nodes(unsigned int call, unsigned int mode)
{
	for_call(call, 6);
	load_argument(mode);
	add(BPF_ALU | BPF_AND | BPF_K, S_IFMT, 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, S_IFCHR, 1, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, S_IFBLK, 0, 1);
	fail(EPERM);
	load_call();
}

static void deny_odd_personalities(void)
{
	/* Plain Linux and the question for the present one. */
	for_call(SYS_personality, 5);
	load_argument(0);
	add(BPF_JMP | BPF_JEQ | BPF_K, PER_LINUX, 2, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 1, 0);
	fail(EPERM);
	load_call();
}

static void build(void)
{
	deny_foreign_calls();
	announce_commands();
	deny_namespaces();
	allow_families(SYS_socket);
	allow_families(SYS_socketpair);
	deny_argument(SYS_ioctl, 1, TIOCSTI);
	deny_argument(SYS_ioctl, 1, TIOCLINUX);
	deny_odd_personalities();
	deny_device_nodes(SYS_mknodat, 2);
#ifdef __x86_64__
	deny_device_nodes(SYS_mknod, 1);
#endif

	for (size_t i = 0; i < sizeof(denied) / sizeof(*denied); i++) {
		for_call(denied[i], 1);
		fail(EPERM);
	}

	answer(SECCOMP_RET_ALLOW);
}

int seccomp_install(void)
{
	struct sock_fprog filter = { .filter = program };
	long descriptor;

	build();
	filter.len = length;
	descriptor = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			     &filter);

	/* Before 5.19 a signal may interrupt a task that waits for us; the call is then announced again. */
	if (descriptor < 0 && errno == EINVAL)
		descriptor = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);

	return (int)descriptor;
}
