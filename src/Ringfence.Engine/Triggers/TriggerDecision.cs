using Ringfence.Access;
using Ringfence.Approvals;

namespace Ringfence.Triggers;

/// <summary>Lets in what strangers sent, or refuses it: a person's word. A yes is never that of who sent it; anybody may take back what they sent.</summary>
public static class TriggerDecision
{
    /// <summary>Fails with <c>not_an_approver</c>, <c>self_approval</c> or <c>unknown_delivery</c>.</summary>
    public static async Task<Failure?> DecideAsync(
        TriggerStore store, IReadOnlyList<TriggerSource> sources, string id, bool letsIn, Approver person, CancellationToken cancellationToken)
    {
        var held = await store.FindAsync(id, cancellationToken) is { Status: "held" } found ? found : null;
        var author = held is null ? null : sources.FirstOrDefault(source => source.Name == held.Source)?.Person(held.Event.Author);

        return person.Role < Role.Approver ? new Failure("not_an_approver", $"{Printable.Escape(person.Principal)} may not let anything in: the role approver is needed.")
            : letsIn && string.Equals(author, person.Principal, StringComparison.OrdinalIgnoreCase) ? new Failure("self_approval", $"{Printable.Escape(person.Principal)} wrote this and cannot let it in.", "Somebody else must.")
            : held is not null && await store.DecideAsync(id, letsIn, person.Principal, cancellationToken) ? null
            : new Failure("unknown_delivery", $"No delivery '{Printable.Escape(id)}' is held.", "`ringfence triggers` lists them.");
    }
}
