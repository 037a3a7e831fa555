using Ringfence.Audit;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_connection_whose_end_nobody_saw
{
    [Fact]
    public void Is_on_record_as_allowed_with_nothing_that_is_not_known()
    {
        var lost = new LostConnections();
        Add(lost, 0, Opened("ended.test"));
        Add(lost, 1, Opened("open.test"));
        Add(lost, 2, new NetworkConnection("s", "denied.test", 443, "tls", null, false, "not_in_allow_list", "default", 0, 0, 0));
        Add(lost, 3, new NetworkConnection("s", "ended.test", 443, "tls", null, true, "allowed", "*.test", 5, 6, 7) { Causes = [0] });

        var end = Assert.Single(lost.Ends());
        Assert.Equal(("open.test", true, LostConnections.Reason, "*.test", 0L), (end.Host, end.Allowed, end.Reason, end.Rule, end.BytesUp));
        Assert.Equal((1L, Trust.Inferred), (Assert.Single(end.Causes), end.Trust));

        Add(lost, 4, end);
        Assert.Empty(lost.Ends());
    }

    private static NetworkOpened Opened(string host) => new("s", host, 443, "192.0.2.1", "tls", "*.test");

    private static void Add(LostConnections lost, long seq, AuditFact fact)
    {
        var json = new CanonicalJson();
        new EventPlace(RunId.New(TimeProvider.System), seq, 0, 0).Write(json, fact, text => text);
        lost.Add(AuditEvent.TryParse(json.Written.ToArray())!);
    }
}
