using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Context;

/// <summary>
/// The files that the file tools changed, as they were when each prompt came, so that all can be put back: bytes, mode, presence. Files that only commands
/// changed are git's to put back. Kept on disk, and named in the transcript, so that a resumed session can go back too.
/// </summary>
internal sealed class FileCheckpoints(string directory)
{
    private readonly List<Checkpoint> checkpoints = [];
    private readonly Lock gate = new();
    private int copies = Directory.Exists(directory) ? Directory.GetFiles(directory).Length : 0;

    private sealed record Checkpoint(string Prompt, Dictionary<string, Copy> Files);

    /// <param name="Name">The file below <c>directory</c> that holds its bytes and has its mode; null when there was no file.</param>
    internal sealed record Copy(string? Name);

    /// <summary>Told of every copy that is made, to write it down: the prompt, the file, the copy. No file stands for a prompt without one yet.</summary>
    public Action<string, string?, string?>? Recorded { get; set; }

    /// <summary>A prompt begins. Files that are known and have changed since the last one are copied as they are now.</summary>
    public void Begin(string prompt)
    {
        lock (gate)
        {
            var last = checkpoints is [.., var before] ? before.Files : [];
            var now = new Checkpoint(prompt, new Dictionary<string, Copy>(StringComparer.Ordinal));
            checkpoints.Add(now);
            Recorded?.Invoke(prompt, null, null);

            foreach (var (path, copy) in last)
            {
                Keep(now, path, IsAsIn(path, copy) ? copy : Take(path));
            }
        }
    }

    /// <summary>A file is about to be changed.</summary>
    /// <exception cref="IOException">It cannot be copied; without a copy it must not be changed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Before(string path)
    {
        lock (gate)
        {
            if (checkpoints is [.., var now] && RealPath.Of(path) is var real && !now.Files.ContainsKey(real) && !Directory.Exists(real))
            {
                Keep(now, real, Take(real));
            }
        }
    }

    /// <summary>Takes up what the transcript of an earlier process says.</summary>
    public void Restore(string prompt, string? path, string? copy)
    {
        if (path is null)
        {
            checkpoints.Add(new Checkpoint(prompt, new Dictionary<string, Copy>(StringComparer.Ordinal)));
        }
        else if (checkpoints.FindLast(c => c.Prompt == prompt) is { } known)
        {
            known.Files[path] = new Copy(copy);
        }
    }

    /// <summary>Puts every file back to what it was when a prompt came. Null when that prompt has no checkpoint.</summary>
    /// <param name="tryOnly">Says what would be done and changes nothing.</param>
    public Rewound? Rewind(string prompt, bool tryOnly)
    {
        lock (gate)
        {
            var from = checkpoints.FindLastIndex(c => c.Prompt == prompt);

            if (from < 0)
            {
                return null;
            }

            var wanted = new Dictionary<string, Copy>(StringComparer.Ordinal);

            // A file that came up only later was until then as its first copy has it.
            foreach (var (path, copy) in checkpoints.Skip(from).SelectMany(c => c.Files))
            {
                wanted.TryAdd(path, copy);
            }

            var result = new Rewound();

            foreach (var (path, copy) in wanted.Where(w => !IsAsIn(w.Key, w.Value)).OrderBy(w => w.Key, StringComparer.Ordinal))
            {
                PutBack(path, copy, tryOnly, result);
            }

            return result;
        }
    }

    private void PutBack(string path, Copy copy, bool tryOnly, Rewound result)
    {
        // A link that was put in the way since would have us write somewhere else.
        if (RealPath.Of(path) != path || Directory.Exists(path))
        {
            result.Skipped.Add(path);
            return;
        }

        try
        {
            var before = File.Exists(path) ? File.ReadAllBytes(path) : [];
            var after = copy.Name is null ? [] : File.ReadAllBytes(PathOf(copy.Name));

            if (!tryOnly)
            {
                if (copy.Name is null)
                {
                    File.Delete(path);
                }
                else
                {
                    FileWriter.Write(path, after);
                    File.SetUnixFileMode(path, File.GetUnixFileMode(PathOf(copy.Name)));
                }
            }

            result.Changed.Add(path);
            var (more, fewer) = LineDiff.Count(TextFile.Decode(before)?.Text ?? "", TextFile.Decode(after)?.Text ?? "");
            result.Insertions += more;
            result.Deletions += fewer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            result.Failed.Add($"{path}: {e.Message}");
        }
    }

    private void Keep(Checkpoint now, string path, Copy copy)
    {
        now.Files[path] = copy;
        Recorded?.Invoke(now.Prompt, path, copy.Name);
    }

    private Copy Take(string path)
    {
        if (!File.Exists(path))
        {
            return new Copy(null);
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var name = (++copies).ToString("D6", CultureInfo.InvariantCulture);
        File.Copy(path, PathOf(name)); // with its mode
        return new Copy(name);
    }

    private bool IsAsIn(string path, Copy copy)
    {
        var file = new FileInfo(path);

        if (copy.Name is null || !file.Exists)
        {
            return copy.Name is null == !file.Exists;
        }

        var kept = new FileInfo(PathOf(copy.Name));
        return kept.Exists && kept.Length == file.Length && kept.UnixFileMode == file.UnixFileMode && File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(kept.FullName));
    }

    private string PathOf(string name) => Path.Combine(directory, name);

    /// <summary>What going back did, or would do.</summary>
    internal sealed class Rewound
    {
        public List<string> Changed { get; } = [];

        public List<string> Skipped { get; } = [];

        public List<string> Failed { get; } = [];

        public int Insertions { get; set; }

        public int Deletions { get; set; }

        public JsonObject ToJson()
        {
            var json = new JsonObject
            {
                ["canRewind"] = Failed.Count == 0, ["filesChanged"] = Json.Strings(Changed), ["insertions"] = Insertions, ["deletions"] = Deletions, ["skippedLinks"] = Skipped.Count,
            };

            if (Failed.Count > 0)
            {
                json["error"] = string.Join('\n', Failed);
            }

            return json;
        }
    }
}
