using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Ringfence.Processes;

namespace Ringfence.Workspaces;

/// <summary>Builds a tree from a base commit and changes, by <c>git fast-import</c>: bytes go in exactly as they are, and no index or work tree exists.</summary>
internal sealed class TreeWriter : IAsyncDisposable
{
    /// <summary>The ref that keeps the last collected tree of a run.</summary>
    public const string Ref = "refs/ringfence/changes";

    private readonly ChildProcess process;
    private readonly BufferedStream target;

    private TreeWriter(ChildProcess process, string baseCommit)
    {
        this.process = process;
        target = new BufferedStream(process.Input, 128 * 1024);

        // No author and no time: the same workspace gives the same commit.
        Write($"reset {Ref}\ncommit {Ref}\nmark :1\ncommitter Ringfence <ringfence@localhost> 0 +0000\ndata 0\nfrom {baseCommit}\n");
    }

    public static Result<TreeWriter> Start(string gitDirectory, string baseCommit)
    {
        var started = Git.Own(gitDirectory).Start(["fast-import", "--quiet", "--done", "--force"]);
        return started.Succeeded(out var process) ? new TreeWriter(process, baseCommit) : started.Failures[0];
    }

    public void Delete(ReadOnlySpan<byte> path)
    {
        Write("D ");
        WritePath(path);
        target.WriteByte((byte)'\n');
    }

    /// <param name="length">Bytes to take; the file has at least as many.</param>
    public void AddFile(ReadOnlySpan<byte> path, bool isExecutable, SafeFileHandle file, long length)
    {
        Begin(isExecutable ? "100755" : "100644", path, length);
        var buffer = new byte[64 * 1024];

        for (long offset = 0; offset < length;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset)), offset);

            if (read == 0)
            {
                throw new IOException("A file of the workspace became shorter while it was read.");
            }

            target.Write(buffer, 0, read);
            offset += read;
        }

        target.WriteByte((byte)'\n');
    }

    public void AddLink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> link)
    {
        Begin("120000", path, link.Length);
        target.Write(link);
        target.WriteByte((byte)'\n');
    }

    /// <summary>An entry whose content is among the objects already.</summary>
    public void AddKnown(ReadOnlySpan<byte> path, string mode, string oid)
    {
        Write($"M {mode} {oid} ");
        WritePath(path);
        target.WriteByte((byte)'\n');
    }

    /// <summary>Ends the commit and returns its tree.</summary>
    public async Task<Result<string>> FinishAsync(CancellationToken cancellationToken)
    {
        try
        {
            Write("\nls :1 \"\"\ndone\n");
            await target.FlushAsync(cancellationToken);
        }
        catch (IOException)
        {
            // It ended early; its exit code and words follow.
        }

        using var reader = new StreamReader(process.Output, Encoding.Latin1);
        var line = await reader.ReadToEndAsync(cancellationToken);
        var end = await process.WaitAsync(cancellationToken);

        return end.Code == 0 && line.Split(' ', '\t') is [_, "tree", var tree, ..] ? tree
            : GitFailures.From("change_set_failed", "Writing the change set", end.Error);
    }

    /// <summary>git is gone: a write failed because of that.</summary>
    public bool HasEnded => process.HasEnded;

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private void Begin(string mode, ReadOnlySpan<byte> path, long length)
    {
        Write($"M {mode} inline ");
        WritePath(path);
        Write(string.Create(CultureInfo.InvariantCulture, $"\ndata {length}\n"));
    }

    // Always quoted: a name may begin with a quote or hold a line break, and then would be read as a command.
    private void WritePath(ReadOnlySpan<byte> path)
    {
        target.WriteByte((byte)'"');

        foreach (var b in path)
        {
            if (b is < 0x20 or >= 0x7F or (byte)'"' or (byte)'\\')
            {
                Write("\\" + Convert.ToString(b, 8).PadLeft(3, '0'));
            }
            else
            {
                target.WriteByte(b);
            }
        }

        target.WriteByte((byte)'"');
    }

    private void Write(string text) => target.Write(Encoding.ASCII.GetBytes(text));
}
