namespace Ringfence.Agent.Tools;

/// <summary>What the file tools have written, so that it can be shown and undone. Commands change files without it: those are git's to undo.</summary>
internal sealed class ChangeJournal
{
    private readonly List<(int Turn, string Path, byte[]? Before, byte[] After)> changes = [];
    private readonly Lock gate = new();

    public int Turn { get; set; }

    public void Add(string path, byte[]? before, byte[] after)
    {
        lock (gate)
        {
            changes.Add((Turn, path, before, after));
        }
    }

    /// <summary>Each file as it was before its first change, and as it was last written.</summary>
    public IReadOnlyList<(string Path, byte[]? Before, byte[] After)> All
    {
        get
        {
            lock (gate)
            {
                return [.. changes.GroupBy(c => c.Path).Select(g => (g.Key, g.First().Before, g.Last().After))];
            }
        }
    }

    /// <summary>Lines that came and lines that went, over all files.</summary>
    public (int Insertions, int Deletions) Lines() => All.Select(f => LineDiff.Count(Text(f.Before ?? []), Text(f.After)))
        .Aggregate((0, 0), (sum, file) => (sum.Item1 + file.Insertions, sum.Item2 + file.Deletions));

    private static string Text(byte[] bytes) => TextFile.Decode(bytes)?.Text ?? "";

    /// <summary>Takes back the last turn's changes. A file that somebody has changed since stays as it is, and is named.</summary>
    public (IReadOnlyList<string> Undone, IReadOnlyList<string> Left) Undo()
    {
        lock (gate)
        {
            if (changes.Count == 0)
            {
                return ([], []);
            }

            var turn = changes[^1].Turn;
            var (undone, left) = (new List<string>(), new List<string>());

            foreach (var file in changes.Where(c => c.Turn == turn).GroupBy(c => c.Path).ToArray())
            {
                var isOurs = File.Exists(file.Key) && File.ReadAllBytes(file.Key).AsSpan().SequenceEqual(file.Last().After);

                if (!isOurs)
                {
                    left.Add(file.Key);
                }
                else if (file.First().Before is { } before)
                {
                    FileWriter.Write(file.Key, before);
                    undone.Add(file.Key);
                }
                else
                {
                    File.Delete(file.Key);
                    undone.Add(file.Key);
                }
            }

            changes.RemoveAll(c => c.Turn == turn);
            return (undone, left);
        }
    }
}
