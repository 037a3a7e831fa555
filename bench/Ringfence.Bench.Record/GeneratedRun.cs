using System.Globalization;
using System.Security.Cryptography;
using Ringfence.Audit;

namespace Ringfence.Bench;

/// <summary>The facts of one invented run: some hundred events in the proportions of a real one, the same for the same number.</summary>
internal static class GeneratedRun
{
    public const int Events = 100;

    public static readonly string[] Workflows = ["fix-bugs", "upgrade-dependencies", "write-tests", "review", "docs", "migrate", "triage", "nightly"];
    public static readonly string[] Teams = ["core", "web", "data", "platform", "mobile"];
    public static readonly string[] People = [.. Enumerable.Range(0, 50).Select(i => $"person{i}@example.org")];

    private static readonly string[] Models = ["claude-opus-4-5", "claude-sonnet-4-5", "gpt-5", "gemini-2.5-pro"];
    private static readonly string[] Programs = ["git", "bash", "npm", "node", "python3", "pytest", "make", "cc", "dotnet", "rg", "sed", "cat", "ls", "curl", "cargo"];
    private static readonly string[] Hosts = ["feed.example.com", "packages.example.org", "files.example.org", "github.com", "feed.example.net", "static.example.net"];
    private static readonly string[] Denied = ["169.254.169.254", "collector.example", "paste.example", "telemetry.example", "10.0.0.5"];

    public static IEnumerable<AuditFact> Facts(long number)
    {
        var random = new Random((int)number);
        var digest = Digest(number);

        yield return new RunRequested("/srv/repository", "main", "claude", Pick(random, Models), digest, Pick(random, People), digest);
        yield return new RunStarted(1, "claude", "2.0.1", digest, ["namespaces", "landlock"], 5_000_000_000, 60, 1_800_000, digest, "2026-01");
        yield return new RunStateChanged("preparing", "running");

        for (var turn = 1; turn <= 8; turn++)
        {
            var call = string.Create(CultureInfo.InvariantCulture, $"c{turn}");
            var model = Models[number % Models.Length];
            yield return new BudgetReserved(call, ["run"], 90_000_000, 4_000_000_000) { Turn = turn };
            yield return new ModelRequested(call, "anthropic", model, model, 40_000, 8192, 8192, Digest(number + turn), []) { Turn = turn };
            yield return new ModelResponded(call, 200, "tool_use", 900, 30_000, 1200, 0, random.Next(50, 2000), 0, 400_000, 9_000_000, random.Next(1, 200) * 1_000_000L, true, true) { Turn = turn };
            yield return new BudgetSettled(call, 90_000_000, 40_000_000, true) { Turn = turn };
            yield return new ToolCalled("Bash", call, "{\"command\":\"npm test\"}", Digest(turn)) { Turn = turn, Trust = Trust.Reported };
            yield return new ToolReturned("Bash", call, false, 2000, "ok", Digest(turn)) { Turn = turn, Trust = Trust.Reported };

            for (var i = 0; i < 2; i++)
            {
                var command = (turn * 2) + i;
                var program = Pick(random, Programs);
                yield return new CommandStarted(
                    "agent", command, 1000 + command, command - 1, $"/usr/bin/{program}", Digest(program.Length),
                    [program, "--option", string.Create(CultureInfo.InvariantCulture, $"src/module{random.Next(5000)}/file.ts")], false, Digest(command), "/workspace") { Turn = turn };
                yield return new CommandFinished("agent", command, true, random.Next(10) == 0 ? 1 : 0, 0, random.Next(1000, 1_000_000)) { Turn = turn };
            }
        }

        for (var i = 0; i < 4; i++)
        {
            yield return new NetworkConnection("agent", Pick(random, Hosts), 443, "tls", null, true, "allowed", "preset:npm", 2000, 90_000, 300_000);
        }

        if (random.Next(3) == 0)
        {
            yield return new NetworkConnection("agent", Pick(random, Denied), 443, "tls", null, false, "not_in_allow_list", "default", 0, 0, 100);
        }

        yield return new SecretUsed($"TOKEN_{random.Next(20)}", Pick(random, Hosts), "authorization");

        if (random.Next(10) == 0)
        {
            yield return new ContextChanged("c7", "compaction", [digest], 150_000, 20_000, true);
        }

        for (var i = 0; i < 6; i++)
        {
            yield return new FileChanged(
                string.Create(CultureInfo.InvariantCulture, $"src/module{random.Next(5000)}/file{random.Next(20)}.ts"), "modified", Digest(i)[..40], Digest(number + i)[..40], 33188, 12, 3,
                "command 4", "window");
        }

        yield return new GateFinding(Pick(random, ["no-secrets", "lock-file", "test-deleted", "large-file"]), "medium", "src/a.ts:3", "evidence");
        yield return new VerificationFinished("npm test", true, 0, null, 5_000_000, digest, Digest(number)[..40], 1);
        yield return new ApprovalRequested("diff", digest, ["owner"]);
        yield return new ApprovalDecided("diff", digest, "approved", Pick(random, People), "os_user", "cli", null);
        yield return new CommitCreated(Digest(number)[..40], Digest(number + 1)[..40], [Digest(number + 2)[..40]]);
        yield return new RunEnded("completed", null, null, null, 8, 800_000_000, 90_000, new Dictionary<string, long>());
    }

    public static string Digest(long number) => Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(number)));

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
