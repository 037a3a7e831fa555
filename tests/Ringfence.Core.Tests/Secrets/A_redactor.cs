using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ringfence.Secrets;
using Xunit;

namespace Ringfence.Tests.Secrets;

public sealed class A_redactor
{
    private const string Value = "s3cr3t/+Tok\"en&<é>=9";
    private readonly SecretRedactor redactor = new([new SecretValue("TOKEN", Value, "0badcafe")]);

    public static TheoryData<string> Forms => new(
        Value,
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Value)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{Value}")),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-token:{Value}:tail")),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"ab{Value}!")).Replace('+', '-').Replace('/', '_'),
        Convert.ToHexString(Encoding.UTF8.GetBytes(Value)),
        Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Value)),
        Uri.EscapeDataString(Value),
        Uri.EscapeDataString(Value).ToLowerInvariant().Replace("tok", "Tok", StringComparison.Ordinal),
        System.Net.WebUtility.UrlEncode(Value),
        System.Net.WebUtility.HtmlEncode(Value),
        JsonSerializer.Serialize(Value).Trim('"'));

    [Theory]
    [MemberData(nameof(Forms))]
    public void Takes_out_every_form_of_a_value(string form)
    {
        Assert.True(redactor.TryRedact(Encoding.UTF8.GetBytes($"before {form} after"), out var clean, out var names));

        var text = Encoding.UTF8.GetString(clean);
        Assert.Contains("<secret:TOKEN:0badcafe>", text, StringComparison.Ordinal);
        Assert.StartsWith("before ", text, StringComparison.Ordinal);
        Assert.EndsWith(" after", text, StringComparison.Ordinal);
        Assert.Equal(["TOKEN"], names);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Finds_a_value_wherever_the_chunks_are_cut(string form)
    {
        var text = Encoding.UTF8.GetBytes($"a{form}b{form}");
        redactor.TryRedact(text, out var whole, out _);

        for (var cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(whole, InChunks(redactor, text[..cut], text[cut..]));
        }
    }

    [Fact]
    public void Leaves_innocent_text_as_it_is()
    {
        Assert.False(redactor.TryRedact("nothing to see: s3cr3t/+Tok"u8, out _, out _));
        Assert.Equal("a b", redactor.Redact("a b"));
    }

    [Fact]
    public void Leaves_no_part_of_values_that_overlap()
    {
        var two = new SecretRedactor([new SecretValue("A", "abcdefgh", "1"), new SecretValue("B", "ghijklmn", "2")]);
        Assert.Equal("x<secret:A:1>y", two.Redact("xabcdefghijklmny"));
    }

    [Fact]
    public void Prefers_the_longer_of_two_values_that_begin_together()
    {
        var two = new SecretRedactor([new SecretValue("SHORT", "abcdefgh", "1"), new SecretValue("LONG", "abcdefghij", "2")]);
        Assert.Equal("<secret:LONG:2>", two.Redact("abcdefghij"));
    }

    [Fact]
    public void Gives_the_same_result_for_any_split_of_any_text() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<int[]>>(), ArbMap.Default.ArbFor<NonNull<bool[]>>(), (picks, cuts) =>
        {
            // Texts made of fragments of the values, so that near misses and overlaps are common.
            string[] pieces = ["aaaa", "aaaaaaaa", "abab", "ababababab", "b", "x"];
            var many = new SecretRedactor([new SecretValue("A", "aaaaaaaab", "1"), new SecretValue("B", "abababab", "2")]);
            var text = Encoding.UTF8.GetBytes(string.Concat(picks.Get.Select(p => pieces[(p & int.MaxValue) % pieces.Length])));
            var chunks = new List<byte[]>();
            var from = 0;

            for (var i = 1; i < text.Length; i++)
            {
                if (cuts.Get.Length > 0 && cuts.Get[i % cuts.Get.Length])
                {
                    chunks.Add(text[from..i]);
                    from = i;
                }
            }

            chunks.Add(text[from..]);
            var whole = InChunks(many, text);
            return whole.AsSpan().SequenceEqual(InChunks(many, [.. chunks])) && !many.Contains(whole);
        }).QuickCheckThrowOnFailure();

    private static byte[] InChunks(SecretRedactor redactor, params byte[][] chunks)
    {
        var output = new ArrayBufferWriter<byte>();
        var stream = redactor.OpenStream();

        foreach (var chunk in chunks)
        {
            stream.Push(chunk, output);
        }

        stream.Complete(output);
        return output.WrittenSpan.ToArray();
    }
}
