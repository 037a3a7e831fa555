using System.Runtime.InteropServices;

namespace Ringfence.App.Cli;

/// <summary>
/// <c>ringfence</c> alone in a terminal, and <c>ringfence -p …</c> anywhere, are the coding agent: this process becomes it, so that terminal, signals and exit
/// code are the agent's own. It is told how to put walls around its commands.
/// </summary>
internal static partial class AgentHandover
{
    // What it takes from the caller to know that walls are to be had; CommandSandbox in the agent reads it.
    private const string SandboxVariable = "RINGFENCE_SANDBOX";

    private static readonly string[] OwnFlags = ["-h", "-?", "/h", "/?", "--help", "--version", "--database"];

    /// <summary>No command of ours begins with a hyphen.</summary>
    public static bool IsMeant(string[] arguments) => arguments switch
    {
        [] => !Console.IsInputRedirected && !Console.IsOutputRedirected,
        [var first, ..] => first.StartsWith('-') && !OwnFlags.Contains(first.Split('=')[0]),
    };

    /// <summary>Returns only when the agent cannot be started.</summary>
    public static int Become(string[] arguments)
    {
        var folder = Path.Combine(Home.Toolchain.Agent, "ringfence-agent");
        var (host, ours) = (Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "ringfence.dll"));
        var isDotnet = Path.GetFileNameWithoutExtension(host) == "dotnet";
        string[] agent = isDotnet ? [host, folder + ".dll"] : [folder];
        string[] self = isDotnet ? [host, ours] : [host];

        if (!File.Exists(agent[^1]))
        {
            return Refuse($"The agent is not at {agent[^1]}.");
        }

        string[] environment =
        [
            .. Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
                .Where(variable => (string)variable.Key != SandboxVariable).Select(variable => $"{variable.Key}={variable.Value}"),
            // Walls within walls are not needed: a run's sandbox says that it is one.
            .. Environment.GetEnvironmentVariable("IS_SANDBOX") == "1" ? (string[])[] : [$"{SandboxVariable}={string.Join('\n', [.. self, "sandbox"])}"],
        ];

        _ = Execute(agent[0], [.. agent, .. arguments, null], [.. environment, null]);
        return Refuse($"The agent cannot be started: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private static int Refuse(string message)
    {
        new Terminal(Console.Out, Console.Error).WriteFailures([new Failure("agent_missing", message, "Set up this installation again: eng/setup.sh")]);
        return ExitCodes.Environment;
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string program, string?[] arguments, string?[] environment);
}
