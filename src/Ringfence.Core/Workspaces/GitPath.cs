using System.Text;

namespace Ringfence.Workspaces;

/// <summary>
/// A path in a repository: bytes, which need not be UTF-8. Kept exactly; shown escaped, so that control characters, direction overrides
/// and newlines in a name cannot draw on a reviewer's terminal.
/// </summary>
public readonly struct GitPath : IEquatable<GitPath>
{
    private readonly byte[] bytes;

    public GitPath(ReadOnlySpan<byte> bytes) => this.bytes = bytes.ToArray();

    public GitPath(string text) => bytes = Encoding.UTF8.GetBytes(text);

    public ReadOnlySpan<byte> Bytes => bytes;

    public bool Equals(GitPath other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is GitPath other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    public static bool operator ==(GitPath left, GitPath right) => left.Equals(right);

    public static bool operator !=(GitPath left, GitPath right) => !left.Equals(right);

    /// <summary>Printable form: plain where the name is plain, else quoted with C escapes as git itself does.</summary>
    public override string ToString() => Printable.Escape(bytes);
}
