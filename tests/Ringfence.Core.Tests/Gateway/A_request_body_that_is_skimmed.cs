using System.Text;
using System.Text.Json;
using Ringfence.Gateway;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>What the gateway skips must end where the provider's parser says that it ends, or a member behind it could go unseen.</summary>
public sealed class A_request_body_that_is_skimmed
{
    [Fact]
    public void Has_the_members_that_a_parser_finds()
    {
        for (var seed = 0; seed < 3_000; seed++)
        {
            var body = new Writer(seed).Object();
            using var parsed = JsonDocument.Parse(body);
            var members = JsonSkim.Object(body);

            Assert.True(members is not null, $"seed {seed}: {Encoding.UTF8.GetString(body)}");
            Assert.Equal(parsed.RootElement.EnumerateObject().Select(m => m.Name), members.Select(m => m.Name));
            Assert.Equal(
                parsed.RootElement.EnumerateObject().Select(m => m.Value.GetRawText()), members.Select(m => Encoding.UTF8.GetString(m.Of(body))));
        }
    }

    [Fact]
    public void Is_none_when_it_is_cut_anywhere()
    {
        var body = new Writer(7).Object();

        for (var length = 0; length < body.Length; length++)
        {
            Assert.Null(JsonSkim.Object(body.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData("""{"a":[\"]}"b":1}""")]
    [InlineData("""{"a":{\},"max_tokens":1}""")]
    public void Is_none_when_a_backslash_stands_outside_a_string(string body) => Assert.Null(JsonSkim.Object(Encoding.UTF8.GetBytes(body)));

    /// <summary>Random JSON that is rich in what could confuse: quotes, runs of backslashes and brackets, at every distance from the edge of a block.</summary>
    private sealed class Writer(int seed)
    {
        private readonly Random random = new(seed);
        private readonly StringBuilder text = new();

        public byte[] Object()
        {
            Members(depth: 0, random.Next(1, 6));
            return Encoding.UTF8.GetBytes(text.ToString());
        }

        private void Members(int depth, int count)
        {
            text.Append('{');

            for (var i = 0; i < count; i++)
            {
                text.Append(i > 0 ? "," : "").Append(Space()).Append(JsonSerializer.Serialize($"m{i}{(depth > 0 ? Text() : "")}")).Append(Space()).Append(':').Append(Space());
                Value(depth + 1);
                text.Append(Space());
            }

            text.Append('}');
        }

        private void Value(int depth)
        {
            switch (random.Next(depth > 4 ? 2 : 5))
            {
                case 0:
                    text.Append(random.Next(3) switch { 0 => "null", 1 => "-1.5e3", _ => "42" });
                    break;
                case 1:
                    text.Append('"').Append(Escaped()).Append('"');
                    break;
                case 2:
                    Members(depth, random.Next(4));
                    break;
                default:
                    text.Append('[');

                    for (var i = random.Next(4); i > 0; i--)
                    {
                        Value(depth + 1);
                        text.Append(i > 1 ? "," : "");
                    }

                    text.Append(']');
                    break;
            }
        }

        private string Escaped() => string.Concat(Enumerable.Range(0, random.Next(90)).Select(_ => random.Next(9) switch
        {
            0 => "\\\"", 1 => "\\\\", 2 => "{", 3 => "}", 4 => "[", 5 => "]", 6 => "\\u005c", 7 => "\\n", _ => "é",
        }));

        private string Text() => new('x', random.Next(70));

        private string Space() => random.Next(4) == 0 ? "\n  " : "";
    }
}
