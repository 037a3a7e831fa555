using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class An_attack_on_the_kernel
{
    [Theory]
    [InlineData("K01", "io_uring_setup", "425, 8, None")]
    [InlineData("K02", "userfaultfd", "323, 1")]
    [InlineData("K03", "bpf", "321, 0, None, 0")]
    [InlineData("K04", "keyctl", "250, 0, -3, 0")]
    [InlineData("K04", "add_key", "248, b'user', b'x', b'y', 1, -3")]
    [InlineData("K04", "request_key", "249, b'user', b'x', None, 0")]
    [InlineData("K06", "mount", "165, b'none', b'/tmp', b'tmpfs', 0, None")]
    [InlineData("K06", "fsopen", "430, b'tmpfs', 0")]
    [InlineData("K06", "move_mount", "429, -100, b'/tmp', -100, b'/home', 0")]
    [InlineData("K06", "open_tree", "428, -100, b'/', 1")]
    [InlineData("K06", "mount_setattr", "442, -100, b'/', 0, None, 0")]
    [InlineData("K07", "unshare of a user namespace", "272, 0x10000000")]
    [InlineData("K07", "unshare of a network namespace", "272, 0x40000000")]
    [InlineData("K08", "clone of a user namespace", "56, 0x10000011, 0, 0, 0, 0")]
    [InlineData("K10", "setns", "308, 0, 0")]
    [InlineData("K11", "ptrace", "101, 0, 0, 0, 0")]
    [InlineData("K16", "personality without randomization", "135, 0x0040000")]
    [InlineData("K17", "kexec_load", "246, 0, 0, 0, 0")]
    [InlineData("K17", "init_module", "175, None, 0, b''")]
    [InlineData("K17", "finit_module", "313, 0, b'', 0")]
    [InlineData("K17", "reboot", "169, 0xfee1dead, 672274793, 0x1234567, None")]
    [InlineData("K17", "swapon", "167, b'/tmp/x', 0")]
    [InlineData("K17", "acct", "163, b'/tmp/x'")]
    [InlineData("K17", "quotactl", "179, 0, None, 0, None")]
    [InlineData("K17", "settimeofday", "164, None, None")]
    [InlineData("K18", "perf_event_open", "298, None, 0, -1, -1, 0")]
    [InlineData("K18", "fanotify_init", "300, 0, 0")]
    [InlineData("K18", "pidfd_getfd", "438, 0, 0, 0")]
    [InlineData("K18", "kcmp", "312, 1, 1, 0, 0, 0")]
    [InlineData("K18", "process_madvise", "440, 0, None, 0, 0, 0")]
    [InlineData("K18", "chroot", "161, b'/tmp'")]
    [InlineData("K18", "pivot_root", "155, b'/tmp', b'/tmp'")]
    [InlineData("K18", "sethostname", "170, b'x', 1")]
    public async Task Is_denied(string number, string name, string arguments)
    {
        Assert.Equal([$"{number} {name} EPERM"], await Attack.RunAsync($"print('{number} {name}', call({arguments}))"));
    }

    [Fact]
    public async Task K09_cannot_hide_its_flags_in_clone3()
    {
        Assert.Equal(["ENOSYS"], await Attack.RunAsync("print(call(435, ctypes.create_string_buffer(88), 88))"));
    }

    [Fact]
    public async Task K12_cannot_use_the_numbers_of_x32()
    {
        Assert.Equal(["ENOSYS", "ENOSYS"], await Attack.RunAsync("print(call(0x40000000 + 39)); print(call(0x40000000 + 165, 0, 0, 0, 0, 0))"));
    }

    [Fact]
    public async Task K13_is_killed_for_calls_of_another_architecture()
    {
        // getpid by the gate of 32-bit programs.
        var trial = await Trial.RunAsync(Attack.Compiled("int main(void){long r;__asm__ volatile(\"int $0x80\":\"=a\"(r):\"a\"(20));return 0;}", "(./a.out; echo $?)"));

        Assert.Equal("159\n", trial.Output);
    }

    [Theory]
    [InlineData("netlink", 16)]
    [InlineData("packet", 17)]
    [InlineData("vsock", 40)]
    [InlineData("alg", 38)]
    [InlineData("key", 15)]
    [InlineData("tipc", 30)]
    [InlineData("bluetooth", 31)]
    [InlineData("xdp", 44)]
    public async Task K14_has_no_socket_of_family(string name, int family)
    {
        Assert.Equal(
            [$"{name} EAFNOSUPPORT", $"{name} EAFNOSUPPORT"],
            await Attack.RunAsync($"print('{name}', call(41, {family}, 3, 0)); print('{name}', call(53, {family}, 1, 0, ctypes.create_string_buffer(8)))"));
    }

    [Fact]
    public async Task K15_has_no_raw_socket()
    {
        Assert.Equal(["EPERM", "EPERM"], await Attack.RunAsync("print(call(41, 2, 3, 1)); print(call(41, 10, 3, 58))"));
    }

    [Fact]
    public async Task K19_hurts_only_itself_with_a_filter_of_its_own()
    {
        // Allowing everything by a filter that would answer our notifications: a second listener is refused.
        var trial = await Trial.RunAsync(Attack.Python("""
            class P(ctypes.Structure): _fields_ = [('len', ctypes.c_ushort), ('filter', ctypes.c_char_p)]
            allow = struct.pack('<HBBI', 6, 0, 0, 0x7fff0000)
            p = P(1, allow)
            print(call(317, 1, 8, ctypes.byref(p)))
            deny = struct.pack('<HBBI', 0x20, 0, 0, 0) + struct.pack('<HBBI', 0x15, 0, 1, 59) + struct.pack('<HBBI', 6, 0, 0, 0x50000 | 13) + allow
            p = P(4, deny)
            print(call(317, 1, 0, ctypes.byref(p)))
            print(attempt(lambda: os.execv('/bin/true', ['true'])))
            """));

        Assert.Equal("EBUSY\ndone\nEACCES\n", trial.Output);
        Assert.Single(trial.Commands);
    }

    [Fact]
    public async Task K20_may_run_a_program_from_memory_and_is_recorded_with_its_digest()
    {
        var trial = await Trial.RunAsync(Attack.Python("""
            f = os.memfd_create('hidden')
            os.write(f, open('/bin/true', 'rb').read())
            os.execve(f, ['looks-like-git'], {})
            """));
        var command = trial.Commands.Last();

        Assert.Equal("/memfd:hidden (deleted)", command.Executable);
        Assert.Equal(["looks-like-git"], command.Arguments);
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync("/bin/true", TestContext.Current.CancellationToken))),
            command.ExecutableDigest);
    }

    [Fact]
    public async Task K22_leaves_the_tools_of_the_trade_working()
    {
        var trial = await Trial.RunAsync("""
            set -e
            cd /workspace
            git init -q . && git config user.email a@b && git config user.name a && echo 1 > f && git add f && git commit -qm one && git log --oneline | wc -l
            python3 -c 'import subprocess, threading, multiprocessing; print(subprocess.check_output(["echo", "python"]).decode().strip())'
            node -e 'require("child_process").execSync("true"); console.log("node", require("os").cpus().length > 0)'
            echo 'int main(void){return 0;}' > a.c && gcc a.c && ./a.out && echo gcc
            curl --version | head -c 4; echo
            """);

        Assert.Equal("1\npython\nnode true\ngcc\ncurl\n", trial.Output);
        Assert.Equal("", trial.Error.Replace("hint:", "", StringComparison.Ordinal).Length > 0 && trial.Error.Contains("rror", StringComparison.Ordinal) ? trial.Error : "");
    }
}
