using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Where the symbolic links of a change set lead.</summary>
internal static class LinkTargets
{
    private const int Link = 0xA000; // 120000

    public static async Task<IReadOnlyList<(byte[] Path, byte[] Target)>> ReadAsync(
        Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        var links = changes.Files.Where(f => f.Mode == Link && f.AfterOid is not null).ToList();

        if (links.Count == 0)
        {
            return [];
        }

        var asked = await Git.Own(workspace.GitDirectory).RunAsync(
            ["cat-file", "--batch"], cancellationToken, Encoding.ASCII.GetBytes(string.Concat(links.Select(l => l.AfterOid + "\n"))));
        var targets = new List<(byte[], byte[])>();
        var rest = asked.Succeeded(out var answer) && answer.IsSuccess ? answer.Output : throw new InvalidOperationException("A collected tree cannot be read.");

        foreach (var link in links)
        {
            var end = Array.IndexOf(rest, (byte)'\n');
            var size = int.Parse(Encoding.ASCII.GetString(rest[..end]).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
            targets.Add((link.Path.Bytes.ToArray(), rest[(end + 1)..(end + 1 + size)]));
            rest = rest[(end + 2 + size)..];
        }

        return targets;
    }

    /// <summary>True for an absolute target, and for one that climbs above the repository's root.</summary>
    public static bool LeavesRepository(ReadOnlySpan<byte> path, ReadOnlySpan<byte> target)
    {
        if (target.StartsWith("/"u8))
        {
            return true;
        }

        var depth = path.Count((byte)'/');

        foreach (var part in target.Split((byte)'/'))
        {
            var name = target[part];
            depth += name.SequenceEqual(".."u8) ? -1 : name.IsEmpty || name.SequenceEqual("."u8) ? 0 : 1;

            if (depth < 0)
            {
                return true;
            }
        }

        return false;
    }
}
