using Ringfence.Agents;
using Ringfence.Processes;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>An agent as its maker ships it, on this machine and without a sandbox: for what only its own reaction to an answer can show.</summary>
internal static class RealAgent
{
    private static readonly string Root = Checkout();
    private static readonly string Home = Path.Combine(Root, "artifacts", "agents-cache");

    /// <summary>The one that set-up fetched; skips the test where it did not.</summary>
    public static InstalledAgent Find(string name, out AgentDescription description)
    {
        description = new AgentCatalog(Home).Find(name).Value;
        var found = new AgentPackages(Home, TimeProvider.System) { SearchPath = "" }.Check(description);
        Assert.SkipWhen(found.IsFailure, $"{name} was not fetched; ./test does it.");
        return found.Value!;
    }

    public static async Task<ChildEnd> RunAsync(AgentDescription agent, InstalledAgent installed, Uri gateway, string token, CancellationToken cancellationToken)
    {
        // Codex refuses a home in the temporary folder.
        var folder = Directory.CreateDirectory(Path.Combine(Root, "artifacts", "real-agent-" + Guid.NewGuid().ToString("n"))).FullName;
        string Here(string text) => text.Replace(SandboxEndpoints.Gateway, gateway.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace(SandboxPaths.Home, folder, StringComparison.Ordinal).Replace(SandboxPaths.Workspace, folder, StringComparison.Ordinal);

        try
        {
            var node = Directory.EnumerateFiles(Path.Combine(Home, "agents"), "node", SearchOption.AllDirectories).First(path => path.EndsWith("/bin/node", StringComparison.Ordinal));
            var template = new AgentTemplate("Do it", token, "simulated-model", 5, null)
            {
                Program = agent.Package!.Node is null ? [installed.Executable] : [node, installed.Executable],
            };

            foreach (var (path, content) in template.Fill(agent.Files))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Here(path))!);
                await File.WriteAllTextAsync(Here(path), Here(content), cancellationToken);
            }

            var environment = template.Fill(agent.Environment).ToDictionary(pair => pair.Key, pair => Here(pair.Value));
            environment["HOME"] = environment["PWD"] = environment["TMPDIR"] = folder;
            environment["PATH"] = Path.GetDirectoryName(node) + ":/usr/bin:/bin";
            var arguments = template.Arguments(agent.Command).Select(Here).ToList();
            await using var process = ChildProcess.Start(new ChildCommand(arguments[0], arguments[1..], environment) { WorkingDirectory = folder }).Value;
            await process.Input.WriteAsync("Do it"u8.ToArray(), cancellationToken);
            process.Input.Close();
            await process.Output.CopyToAsync(Stream.Null, cancellationToken);
            return await process.WaitAsync(cancellationToken);
        }
        finally
        {
            await Waiting.DeleteAsync(folder);
        }
    }

    private static string Checkout()
    {
        var folder = AppContext.BaseDirectory;

        while (!File.Exists(Path.Combine(folder, "Ringfence.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
