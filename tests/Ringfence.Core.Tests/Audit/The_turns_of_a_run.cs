using System.Globalization;
using Ringfence.Audit;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class The_turns_of_a_run
{
    private readonly List<AuditEvent> events = [];

    private void Happens(AuditFact fact)
    {
        var json = new CanonicalJson();
        new EventPlace(new RunId("0000000000000000"), events.Count, events.Count * 1000, events.Count * 1000).Write(json, fact, text => text);
        events.Add(AuditEvent.TryParse(json.Written.ToArray())!);
    }

    private void Asks(int turn, string? conversation = null) => Happens(
        new ModelRequested(string.Create(CultureInfo.InvariantCulture, $"m{events.Count}"), "anthropic", "m", "m", 1, 1, 1, "d", []) { Turn = turn, Conversation = conversation });

    private static FileChanged Changed(string path, long at) => new(path, "modified", "a", "b", 33188, 1, 0, null, null) { ChangedAt = at };

    [Fact]
    public void Begin_with_a_request_and_hold_everything_until_the_next()
    {
        Happens(new RunAdmitted("olga"));
        Asks(1);
        Happens(new AgentSaid("text", "first", "d") { Turn = 1 });
        Asks(2);
        Happens(new AgentSaid("text", "second", "d") { Turn = 2 });

        var turns = RunTurn.Of(events);

        Assert.Equal([1, 2], turns.Select(turn => turn.Number));
        Assert.Equal("first", Assert.Single(turns[0].Facts<AgentSaid>()).Text);
        Assert.Equal("second", Assert.Single(turns[1].Facts<AgentSaid>()).Text);
    }

    [Fact]
    public void Take_a_repeated_request_and_a_side_call_for_a_part_of_one()
    {
        Asks(1);
        Asks(1);
        Asks(0);
        Asks(1, "helper");

        Assert.Equal(4, Assert.Single(RunTurn.Of(events)).Events.Count);
    }

    [Fact]
    public void End_when_the_agent_has_ended()
    {
        Asks(1);
        Happens(new AgentFinished(1, "success", 0, null));
        Happens(new CommandStarted("check-1", 1, 1, 0, "/bin/sh", "d", ["sh"], false, "d", "/"));

        Assert.Empty(Assert.Single(RunTurn.Of(events)).Facts<CommandStarted>());
    }

    [Fact]
    public void Hold_the_files_by_when_they_were_changed()
    {
        Asks(1);
        Asks(2);
        Happens(new AgentFinished(1, "success", 0, null));
        Happens(Changed("early.cs", 500));
        Happens(Changed("late.cs", 1500));

        var turns = RunTurn.Of(events);

        Assert.Equal("early.cs", Assert.Single(turns[0].Facts<FileChanged>()).Path);
        Assert.Equal("late.cs", Assert.Single(turns[1].Facts<FileChanged>()).Path);
    }

    [Fact]
    public void Are_none_when_no_model_was_asked()
    {
        Happens(new RunAdmitted("olga"));
        Assert.Empty(RunTurn.Of(events));
    }
}
