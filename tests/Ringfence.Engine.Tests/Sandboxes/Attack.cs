using Ringfence.Sandboxes;

namespace Ringfence.Tests.Sandboxes;

/// <summary>A payload that runs inside and tells what it could do, one line for each attempt.</summary>
internal static class Attack
{
    // `call` makes a system call by number, so that no library softens the answer.
    private const string Prelude = """
        import ctypes, errno, os, socket, struct, subprocess, sys
        C = ctypes.CDLL(None, use_errno=True)
        C.syscall.restype = ctypes.c_long
        def call(number, *arguments):
            ctypes.set_errno(0)
            result = C.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
            return errno.errorcode[ctypes.get_errno()] if result < 0 else 'done'
        def attempt(action):
            try:
                action()
                return 'done'
            except OSError as e:
                return errno.errorcode[e.errno]

        """;

    public static SandboxSpec Python(string script) => new()
    {
        Command = ["/usr/bin/python3", "-c", Prelude + script],
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["HOME"] = SandboxPaths.Home },
    };

    /// <summary>What the script printed, by lines. It must end by itself and without an error.</summary>
    public static async Task<string[]> RunAsync(SandboxSpec spec)
    {
        var trial = await Trial.RunAsync(spec);
        Xunit.Assert.True(trial.Exit is SandboxExit.Exited { Code: 0 }, $"{trial.Exit} {trial.Error}");
        return trial.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static Task<string[]> RunAsync(string script) => RunAsync(Python(script));

    /// <summary>A C program, compiled inside: which also shows that a compiler works there.</summary>
    public static SandboxSpec Compiled(string source, string run = "./a.out", string flags = "-O1 -pthread")
    {
        var spec = Trial.Shell($"cd /tmp && gcc {flags} -w -o a.out a.c && {run}");
        return spec with { Files = [new SandboxFile("/tmp/a.c", System.Text.Encoding.UTF8.GetBytes(source))] };
    }
}
