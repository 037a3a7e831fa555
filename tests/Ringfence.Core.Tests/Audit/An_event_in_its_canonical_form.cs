using System.Text;
using Ringfence.Audit;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class An_event_in_its_canonical_form
{
    private static string Written(AuditFact fact, Func<string, string>? redact = null)
    {
        var json = new CanonicalJson();
        new EventPlace(new RunId("0000000000000000"), 3, 17, 5).Write(json, fact, redact ?? (text => text));
        return Encoding.UTF8.GetString(json.Written);
    }

    [Fact]
    public void Has_its_keys_in_order_and_no_defaults() => Assert.Equal(
        """{"at_us":17,"causes":[1,2],"data":{"by":"olga"},"mono_us":5,"run":"0000000000000000","seq":3,"trust":"reported","turn":4,"type":"run.admitted","v":1}""",
        Written(new RunAdmitted("olga") { Trust = Trust.Reported, Turn = 4, Causes = [1, 2] }));

    [Theory]
    [InlineData("a\"b\\c", """a\"b\\c""")]
    [InlineData("\b\t\n\f\r", """\b\t\n\f\r""")]
    [InlineData("\u0001\u001f\u007f", "\\u0001\\u001f\u007f")]
    [InlineData("é€😀\u202e", "é€😀\u202e")]
    [InlineData("a\0b", """a\\u0000b""")]
    [InlineData("", "")]
    public void Escapes_as_little_as_it_may(string text, string expected) =>
        Assert.Contains($"\"by\":\"{expected}\"", Written(new RunAdmitted(text)), StringComparison.Ordinal);

    // Not among the cases above: an attribute cannot hold half a character.
    [Fact]
    public void Writes_half_a_character_as_text()
    {
        Assert.Contains("""a\\ud800b""", Written(new RunAdmitted("a\ud800b")), StringComparison.Ordinal);
        Assert.Contains("""\\udc00""", Written(new RunAdmitted("\udc00")), StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_an_integer_that_no_double_holds_as_a_string()
    {
        Assert.Contains("\"bytes\":9007199254740991", Written(new ArtifactProduced("a", "b", 9007199254740991)), StringComparison.Ordinal);
        Assert.Contains("\"bytes\":\"9007199254740992\"", Written(new ArtifactProduced("a", "b", 9007199254740992)), StringComparison.Ordinal);
    }

    [Fact]
    public void Has_every_string_redacted_whatever_it_is_part_of()
    {
        var fact = new ContextComposed("s", [new ContextSegment("s", "s", 1, 2, "s")]) { Conversation = "s" };

        Assert.Equal(
            """{"at_us":17,"conversation":"x","data":{"call":"x","segments":[{"bytes":1,"digest":"x","kind":"x","source":"x","tokens":2}]},"mono_us":5,"run":"0000000000000000","seq":3,"trust":"observed","type":"context.composed","v":1}""",
            Written(fact, text => text == "s" ? "x" : text));
    }

    [Fact]
    public void Can_be_written_and_read_whatever_type_of_fact_it_holds()
    {
        var types = typeof(AuditFact).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(AuditFact))).ToList();

        Assert.All(types, type =>
        {
            var fact = (AuditFact)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type) with { Causes = [] };
            var written = AuditEvent.TryParse(Encoding.UTF8.GetBytes(Written(fact)));

            Assert.IsType(type, written!.Fact);
            Assert.Equal(fact.Type, written.Type);
        });
    }

    [Fact]
    public void Is_read_back_as_the_same_fact()
    {
        AuditFact[] facts =
        [
            new RunEnded("failed", "max_cost", null, null, 3, 9007199254740993, 12, new Dictionary<string, long> { ["run.started"] = 1 }),
            new ContextComposed("c", [new ContextSegment("k", "d", 1, 2, "s")]) { Trust = Trust.Inferred, Causes = [0, 1], Conversation = "side", Turn = 2 },
            new CommandStarted("s", 1, 2, 0, "/bin/sh", "d", ["sh", "-c", "echo \u0001"], false, "d", "/workspace"),
        ];

        foreach (var fact in facts)
        {
            var text = Written(fact);
            var read = AuditEvent.TryParse(Encoding.UTF8.GetBytes(text))!;

            Assert.Equal(fact.Type, read.Type);
            Assert.Equal(text, Written(read.Fact!));
        }
    }

    [Fact]
    public void Can_be_written_for_every_type_of_fact_there_is()
    {
        var types = typeof(AuditFact).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(AuditFact))).ToList();

        Assert.True(types.Count > 40);
        Assert.All(types, type => Written((AuditFact)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type) with { Causes = [] }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"seq\":1}")]
    [InlineData("{\"at_us\":1,\"data\":{},\"mono_us\":1,\"run\":\"r\",\"seq\":\"x\",\"trust\":\"observed\",\"type\":\"t\",\"v\":1}")]
    public void Is_not_read_from_anything_else(string text) => Assert.Null(AuditEvent.TryParse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Is_read_when_its_type_and_version_are_newer_than_this_program()
    {
        var read = AuditEvent.TryParse("""{"at_us":1,"data":{"x":[1]},"mono_us":1,"new":true,"run":"r","seq":1,"trust":"guessed","type":"moon.landed","v":9}"""u8.ToArray())!;

        Assert.Equal("moon.landed", read.Type);
        Assert.Null(read.Fact);
    }
}
