using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ringfence.Gateway;
using Xunit;

namespace Ringfence.Tests.Budgets;

public sealed class A_usage_reader
{
    private const string Anthropic = """
        event: message_start
        data: {"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"cache_read_input_tokens":40,"output_tokens":1}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a text with \"usage\" in it, and é"}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    [Fact]
    public void Reads_the_same_at_any_chunk_boundary() => Prop.ForAll(
        Gen.ArrayOf(Gen.Choose(1, 60)).ToArbitrary(),
        cuts =>
        {
            var reader = ModelWires.For(Wire.Anthropic).NewReader();
            reader.IsEventStream = true;
            var bytes = Encoding.UTF8.GetBytes(Anthropic).AsSpan();

            foreach (var cut in cuts)
            {
                var length = Math.Min(cut, bytes.Length);
                reader.Feed(bytes[..length]);
                bytes = bytes[length..];
            }

            reader.Feed(bytes);
            reader.Complete();

            return reader is { IsComplete: true, StopReason: "end_turn", Final: { Input: 10, CacheWrite5m: 10, CacheWrite1h: 20, CacheRead: 40, Output: 50 } };
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Theory]
    [InlineData("""{"type":"message","usage":{"input_tokens":-5,"output_tokens":1}}""")]
    [InlineData("""{"type":"message","usage":{"input_tokens":"5","output_tokens":1}}""")]
    [InlineData("""{"type":"message","usage":{"input_tokens":1.5,"output_tokens":1}}""")]
    [InlineData("""{"type":"message","usage":{"input_tokens":0,"output_tokens":0}}""")]
    [InlineData("""{"type":"message","usage":{"input_tokens":99999999999999999999,"output_tokens":1}}""")]
    [InlineData("""{"type":"message","usage":[]}""")]
    [InlineData("""{"type":"message"}""")]
    [InlineData("<html></html>")]
    [InlineData("")]
    public void Takes_no_report_that_is_not_credible(string json)
    {
        var reader = ModelWires.For(Wire.Anthropic).NewReader();
        reader.Feed(Encoding.UTF8.GetBytes(json));
        reader.Complete();

        Assert.Null(reader.Final);
    }

    [Theory]
    [InlineData("""{"model":"m","status":"completed","usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":30,"cache_write_tokens":50},"output_tokens":10}}""", Wire.OpenAiResponses)]
    [InlineData("""{"model":"m","choices":[],"usage":{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":50},"completion_tokens":10}}""", Wire.OpenAiChat)]
    public void Tells_what_a_cache_gave_from_what_was_written_to_it(string json, Wire wire)
    {
        var reader = ModelWires.For(wire).NewReader();
        reader.Feed(Encoding.UTF8.GetBytes(json));
        reader.Complete();

        Assert.True(reader.Final is { Input: 20, CacheRead: 30, CacheWrite5m: 50, Output: 10 });
    }

    [Fact]
    public void Counts_the_passes_that_a_provider_added_by_itself()
    {
        var reader = ModelWires.For(Wire.Anthropic).NewReader();
        reader.Feed("""{"type":"message","usage":{"input_tokens":100,"output_tokens":10,"iterations":[{"type":"compaction","input_tokens":5000,"output_tokens":700},{"type":"message","input_tokens":100,"output_tokens":10}]}}"""u8);
        reader.Complete();

        Assert.True(reader.Final is { Input: 5100, Output: 710 });
    }
}
