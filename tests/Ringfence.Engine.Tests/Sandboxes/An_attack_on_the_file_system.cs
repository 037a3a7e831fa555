using Ringfence.Sandboxes;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class An_attack_on_the_file_system
{
    [Fact]
    public async Task F01_finds_no_file_of_the_host()
    {
        var lines = await Attack.RunAsync("""
            for path in ['/etc/shadow', '/root', '/etc/ssh', '/var/lib', '/old', '/etc/gitconfig', '/run', '/sys', '/boot', '/var/run/docker.sock']:
                print(path, attempt(lambda: os.stat(path)))
            print(os.listdir('/home'))
            """);

        Assert.All(lines[..^1], line => Assert.EndsWith(" ENOENT", line, StringComparison.Ordinal));
        Assert.Equal("['agent']", lines[^1]);
    }

    [Theory]
    [InlineData("/usr/bin/x")]
    [InlineData("/etc/x")]
    [InlineData("/x")]
    [InlineData("/dev/x")]
    [InlineData("/etc/passwd")]
    [InlineData("/etc/ssl/certs/x")]
    public async Task F02_cannot_write_outside_its_own_folders(string path)
    {
        var line = Assert.Single(await Attack.RunAsync($"print(attempt(lambda: open('{path}', 'w')))"));

        Assert.Contains(line, new[] { "EROFS", "EACCES" });
    }

    [Fact]
    public async Task F03_follows_a_link_to_the_sandbox_s_own_file()
    {
        var lines = await Attack.RunAsync("""
            os.symlink('/etc/passwd', '/workspace/l')
            print(open('/workspace/l').read().count('root:x:0:0:root:/:/usr/sbin/nologin'))
            print(open('/workspace/../../../etc/hostname').read().strip())
            """);

        Assert.Equal(["1", "sandbox"], lines);
    }

    [Fact]
    public async Task F04_finds_its_own_root_behind_proc()
    {
        var lines = await Attack.RunAsync("""
            here = os.stat('/').st_ino
            print(os.stat('/proc/self/root/..').st_ino == here)
            print(attempt(lambda: os.stat('/proc/1/root/')))
            print(attempt(lambda: os.listdir('/proc/1/cwd')))
            """);

        Assert.Equal(["True", "EACCES", "EACCES"], lines);
    }

    [Fact]
    public async Task F07_cannot_open_files_by_handle()
    {
        Assert.Equal(["EPERM"], await Attack.RunAsync("print(call(304, -100, ctypes.create_string_buffer(64), 0))"));
    }

    [Fact]
    public async Task F08_and_F09_cannot_change_mounts()
    {
        var lines = await Attack.RunAsync("""
            print(call(165, b'', b'/usr', b'', 32, None))
            print(call(166, b'/usr', 2))
            print(call(166, b'/proc/sys', 2))
            print(call(165, b'proc', b'/tmp', b'proc', 0, None))
            """);

        Assert.All(lines, line => Assert.Equal("EPERM", line));
    }

    [Theory]
    [InlineData("/tmp")]
    [InlineData("/workspace")]
    public async Task F10_and_F15_cannot_make_devices_nor_a_whiteout(string folder)
    {
        var lines = await Attack.RunAsync($"""
            import stat
            for mode in [stat.S_IFCHR, stat.S_IFBLK]:
                for device in [os.makedev(0, 0), os.makedev(1, 1), os.makedev(8, 0)]:
                    print(attempt(lambda: os.mknod('{folder}/d', mode | 0o666, device)))
            """);

        Assert.All(lines, line => Assert.Equal("EPERM", line));
    }

    [Fact]
    public async Task F12_cannot_write_to_the_base_through_an_open_file()
    {
        using var folder = new TrialFolder();
        var lower = folder.Below("lower");
        var file = Path.Combine(lower, "file");
        await File.WriteAllTextAsync(file, "base", TestContext.Current.CancellationToken);
        var spec = Attack.Python("""
            import mmap
            f = open('/workspace/file', 'r+b'); m = mmap.mmap(f.fileno(), 4); m[0:4] = b'EVIL'; m.flush()
            os.chmod('/workspace/file', 0o777); os.truncate('/workspace/file', 2); os.link('/workspace/file', '/workspace/other')
            os.utime('/workspace/file', (1, 1)); os.setxattr('/workspace/file', 'user.x', b'1')
            print(open('/workspace/file').read())
            """) with
        { Workspace = new WorkspaceMount(lower, folder.Below("upper")) };
        var before = (File.GetLastWriteTimeUtc(file), File.GetUnixFileMode(file));

        Assert.Equal(["EV"], await Attack.RunAsync(spec));

        Assert.Equal("base", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(before, (File.GetLastWriteTimeUtc(file), File.GetUnixFileMode(file)));
        Assert.Single(Directory.EnumerateFileSystemEntries(lower));
    }

    [Fact]
    public async Task F13_sees_nothing_of_another_run()
    {
        using var folder = new TrialFolder();
        var started = await Trial.Launcher(folder).StartAsync(
            Trial.Shell("echo secret > /tmp/mine; echo secret > /dev/shm/mine; echo ready; exec sleep 1000"), "other", new FactRecorder(), TestContext.Current.CancellationToken);
        await using var other = started.Value;
        Assert.Equal((byte)'r', Assert.Single(await ReadAsync(other.StandardOutput, 1)));

        var lines = await Attack.RunAsync("print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.listdir('/workspace'), [p for p in os.listdir('/proc') if p.isdigit()])");

        Assert.Equal(["[] [] [] ['1', '2']"], lines);
    }

    [Fact]
    public async Task F16_cannot_forge_the_overlay_s_marks()
    {
        using var folder = new TrialFolder();
        var lower = folder.Below("lower");
        Directory.CreateDirectory(Path.Combine(lower, "folder"));
        await File.WriteAllTextAsync(Path.Combine(lower, "folder", "inside"), "base", TestContext.Current.CancellationToken);
        var spec = Attack.Python("""
            for name in ['opaque', 'whiteout', 'redirect', 'metacopy']:
                for path in ['/workspace/folder', '/workspace/forged']:
                    open('/workspace/forged', 'w').close()
                    attempt(lambda: os.setxattr(path, 'user.overlay.' + name, b'y'))
            """) with
        { Workspace = new WorkspaceMount(lower, folder.Below("upper")) };
        await Attack.RunAsync(spec);

        Assert.Equal(
            ["Directory folder", "File forged"],
            WorkspaceChanges.Walk(new WorkspaceMount(lower, Path.Combine(folder.Path, "upper"))).Select(e => e.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task F17_finds_the_kernel_s_own_files_masked()
    {
        var lines = await Attack.RunAsync("""
            for name in ['cmdline', 'config.gz', 'kallsyms', 'sysrq-trigger', 'kcore', 'keys', 'timer_list']:
                path = '/proc/' + name
                print(name, len(open(path, 'rb').read(10)) if os.path.exists(path) else 0)
            for name in ['sys', 'irq', 'fs', 'bus']:
                print(name, len(os.listdir('/proc/' + name)) if os.path.exists('/proc/' + name) else 0)
            print('core_pattern', 0 if attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w')) != 'done' else 1)
            print('sysrq', 0 if attempt(lambda: open('/proc/sysrq-trigger', 'w').write('h')) != 'done' else 1)
            """);

        Assert.All(lines, line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task F18_inherits_three_descriptors_and_no_more()
    {
        Assert.Equal(["['0', '1', '2']"], await Attack.RunAsync(Trial.Shell("exec python3 -c \"import os; print(sorted(f for f in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + f)))\"")));
    }

    [Fact]
    public async Task F19_cannot_keep_a_set_user_program()
    {
        var lines = await Attack.RunAsync(Trial.Shell("cp /usr/bin/id /tmp/id; chmod 4755 /tmp/id; /tmp/id -u; find /usr/bin -perm -4000 -newer /nonexistent 2>/dev/null; /usr/bin/su -c id 2>&1 </dev/null | grep -c uid=0; true"));

        Assert.Equal(["1000", "0"], lines);
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }
}
