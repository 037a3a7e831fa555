using System.Security.Cryptography;

namespace Ringfence.Audit;

/// <summary>
/// Hash trees as in RFC 6962: leaves and nodes are hashed apart, so that no node can be passed off as a leaf. One root stands for any number of run
/// heads, and some log₂(n) hashes prove that one of them is in it.
/// </summary>
public static class MerkleTree
{
    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;

    /// <summary>The root; of no leaves, the hash of nothing.</summary>
    public static byte[] Root(IReadOnlyList<byte[]> leaves)
    {
        var level = leaves.Select(Leaf).ToList();

        if (level.Count == 0)
        {
            return SHA256.HashData([]);
        }

        while (level.Count > 1)
        {
            level = Above(level);
        }

        return level[0];
    }

    /// <summary>The hashes beside the path from a leaf to the root, lowest first; null where the path had no neighbour.</summary>
    public static IReadOnlyList<byte[]?> Proof(IReadOnlyList<byte[]> leaves, int index)
    {
        var proof = new List<byte[]?>();

        for (var level = leaves.Select(Leaf).ToList(); level.Count > 1; level = Above(level), index /= 2)
        {
            proof.Add((index ^ 1) < level.Count ? level[index ^ 1] : null);
        }

        return proof;
    }

    /// <summary>True when the proof leads from the leaf to the root.</summary>
    public static bool Verify(byte[] leaf, int index, IReadOnlyList<byte[]?> proof, ReadOnlySpan<byte> root)
    {
        var hash = Leaf(leaf);

        foreach (var neighbour in proof)
        {
            hash = neighbour is null ? hash : index % 2 == 0 ? Node(hash, neighbour) : Node(neighbour, hash);
            index /= 2;
        }

        return root.SequenceEqual(hash);
    }

    // Without a neighbour a hash moves up as it is: the same tree as RFC 6962's split at the largest power of two.
    private static List<byte[]> Above(List<byte[]> level) =>
        [.. Enumerable.Range(0, (level.Count + 1) / 2).Select(i => 2 * i + 1 < level.Count ? Node(level[2 * i], level[2 * i + 1]) : level[2 * i])];

    private static byte[] Leaf(byte[] content) => SHA256.HashData([LeafPrefix, .. content]);

    private static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([NodePrefix, .. left, .. right]);
}
