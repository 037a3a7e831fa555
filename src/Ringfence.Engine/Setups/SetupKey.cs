using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;

namespace Ringfence.Setups;

/// <summary>
/// Names a layer by everything that it depends on: repository, command, the lock files and the scripts that the command names, the machine's tools. An
/// untrusted change shares a layer with nobody: what its set-up installs could be anything, and the next run would start on it.
/// </summary>
internal static class SetupKey
{
    private static readonly string[] Tools = ["node", "npm", "python3", "pip3", "dotnet", "cargo", "rustc", "go", "java", "mvn", "ruby", "php", "gcc", "make"];

    /// <summary>Fails as git does.</summary>
    public static async Task<Result<string>> OfAsync(RunRequest request, Workspace workspace, CancellationToken cancellationToken)
    {
        var setup = request.Setup!;
        var asked = await Git.Own(workspace.GitDirectory).RunAsync(["ls-tree", "-r", "-z", workspace.BaseTree], cancellationToken);

        if (!asked.Succeeded(out var listed) || !listed.IsSuccess)
        {
            return asked.IsFailure ? asked.Failures[0] : GitFailures.From("setup_failed", "Listing the lock files", listed!.Error);
        }

        var named = setup.Command.Split([' ', ';', '&', '|', '\'', '"'], StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.StartsWith("./", StringComparison.Ordinal) ? word[2..] : word).ToHashSet(StringComparer.Ordinal);

        // Each entry is "mode type object TAB path"; the object is the content's own digest.
        var files = Latin1.Split(listed.Output).Where(entry => entry[(entry.IndexOf('\t', StringComparison.Ordinal) + 1)..] is var path && (LockFiles.IsOne(path) || named.Contains(path)));

        string[] parts =
        [
            "1", workspace.Key, setup.Command, .. setup.Network.Allow, "", .. setup.Network.Presets, "",
            .. request.Environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={e.Value}"), "",
            .. request.Mounts.Select(m => $"{m.Source}:{m.Target}"), "",
            request.IsUntrusted ? workspace.BaseCommit : "", .. files, "", RuntimeInformation.OSArchitecture.ToString(), .. Machine(),
        ];

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))))[..20];
    }

    /// <summary>The system's name and version, and its tools by size and time: an update of one of them makes a new layer.</summary>
    private static IEnumerable<string> Machine() =>
    [
        File.Exists("/etc/os-release") ? File.ReadAllText("/etc/os-release") : "",
        .. Tools.SelectMany(tool => (string[])[$"/usr/local/bin/{tool}", $"/usr/bin/{tool}"]).Select(RealPath.Of).OfType<string>().Select(path => new FileInfo(path))
            .Select(file => FormattableString.Invariant($"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}")),
    ];
}
