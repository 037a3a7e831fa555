using Ringfence.Audit;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_Merkle_tree
{
    // From the test vectors of the Certificate Transparency project: roots over its eight leaves.
    private static readonly byte[][] Leaves =
    [
        .. new[] { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" }.Select(Convert.FromHexString),
    ];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Has_the_roots_of_RFC_6962(int count, string root) =>
        Assert.Equal(root, Convert.ToHexStringLower(MerkleTree.Root(Leaves[..count])));

    [Fact]
    public void Proves_each_leaf_and_no_other()
    {
        for (var count = 1; count <= Leaves.Length; count++)
        {
            var root = MerkleTree.Root(Leaves[..count]);

            for (var i = 0; i < count; i++)
            {
                var proof = MerkleTree.Proof(Leaves[..count], i);

                Assert.True(MerkleTree.Verify(Leaves[i], i, proof, root));
                Assert.False(MerkleTree.Verify([1, 2, 3], i, proof, root));
                Assert.False(count > 1 && MerkleTree.Verify(Leaves[i], i, [.. proof.SkipLast(1)], root));
            }
        }
    }
}
