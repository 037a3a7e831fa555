using System.Text;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class The_tail_of_an_output
{
    [Theory]
    [InlineData(8, "abc")]
    [InlineData(8, "abcdefgh")]
    [InlineData(8, "abcdefghijk")]
    [InlineData(8, "abcdefghijklmnopqrstuvwxyz")]
    public async Task Is_its_last_bytes_in_order_however_much_comes_at_once(int capacity, string printed)
    {
        var tail = new OutputTail(capacity);

        await tail.FillAsync(new MemoryStream(Encoding.ASCII.GetBytes("12345")), TestContext.Current.CancellationToken);
        await tail.FillAsync(new MemoryStream(Encoding.ASCII.GetBytes(printed)), TestContext.Current.CancellationToken);

        var all = "12345" + printed;
        Assert.Equal(all.Length, tail.Seen);
        Assert.Equal(all[^Math.Min(capacity, all.Length)..], Encoding.ASCII.GetString(tail.ToArray()));
    }
}
