using System.CommandLine;

namespace Ringfence.App.Remote;

/// <summary>Why commands work on this machine alone, whatever server is named. `ringfence help server` prints it.</summary>
internal static class LocalCommands
{
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["agents"] = "it is about the agents of this machine",
        ["apply"] = "it writes into your working tree; `ringfence diff RUN --server URL | git apply` takes the change from a server",
        ["audit digest"] = "it signs with the key of the store's machine",
        ["audit export"] = "it reads the whole store",
        ["audit ledger"] = "it reads the books themselves; `ringfence budget show` asks a server",
        ["audit purge"] = "it removes content from the store",
        ["audit runs"] = "it sums over the whole store; `ringfence audit files`, `commands` and `network` ask a server",
        ["audit sql"] = "it reads the store itself",
        ["backup"] = "it reads the store and the keys of its machine",
        ["compile"] = "it reads a file of this machine",
        ["completion"] = "it is for your shell",
        ["demo"] = "it shows a run on this machine",
        ["doctor"] = "it tries the walls of this machine",
        ["explain"] = "it reads a file of this machine",
        ["gateway"] = "it is a gateway on this machine",
        ["help"] = "it needs no server",
        ["init"] = "it writes into a repository of this machine",
        ["lint"] = "it reads a file of this machine",
        ["prices"] = "prices are files of the machine that keeps the budgets",
        ["replay"] = "it plays recordings of this machine",
        ["restore"] = "it writes the store and the keys of its machine",
        ["ringfence"] = "it is a conversation on this machine",
        ["sandbox"] = "it holds a command of this machine",
        ["schema"] = "it needs no server",
        ["serve"] = "it is the server",
        ["setup"] = "it is about what this machine prepared",
    };

    /// <summary>Null for a command that asks a server.</summary>
    public static string? WhyNot(IReadOnlyList<string> words) => Enumerable.Range(1, words.Count).Reverse()
        .Select(count => Reasons.GetValueOrDefault(string.Join(' ', words.Take(count)))).FirstOrDefault(reason => reason is not null);

    /// <summary>Every command that does something, by its words, with why it asks no server; null when it does.</summary>
    public static IEnumerable<(string Command, string? WhyNot)> Table(RootCommand root) => Below(root, [])
        .Select(words => (string.Join(' ', words), RemoteCommands.Find(words) is null ? WhyNot(words) ?? "it has no form for a server yet" : null));

    private static IEnumerable<string[]> Below(Command command, string[] words) => command.Subcommands.Where(one => !one.Hidden).SelectMany(one =>
        (one.Action is null ? [] : (string[][])[[.. words, one.Name]]).Concat(Below(one, [.. words, one.Name])));
}
