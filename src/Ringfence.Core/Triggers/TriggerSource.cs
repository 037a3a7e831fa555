using Ringfence.Outputs;

namespace Ringfence.Triggers;

/// <summary>A repository whose workflows start by themselves, as the server's policy names it.</summary>
/// <param name="Name">Of its address for webhooks: <c>/v1/hooks/NAME</c>.</param>
/// <param name="Repository">A URL, or a path on the server.</param>
/// <param name="Kind">Whose webhooks it takes. Gitea and Forgejo sign as GitHub does.</param>
/// <param name="Secret">Variable of the server's environment that holds the webhooks' secret; null takes none, and leaves schedules.</param>
/// <param name="Trusted">Logins whose word starts a run, besides members of the repository.</param>
/// <param name="People">Who a login is here, as approvals know people: <c>alice</c> to <c>key:alice</c>. Nobody approves what they started.</param>
public sealed record TriggerSource(
    string Name, string Repository, CodeHostKind Kind, string? Secret, IReadOnlyList<string> Trusted, IReadOnlyDictionary<string, string> People)
{
    /// <summary>Whether a run may start on this word alone; else somebody must let it in first.</summary>
    public bool Trusts(TriggerEvent happened) => happened.Kind is TriggerKind.Cron || happened.IsMember || Trusted.Contains(happened.Author, StringComparer.OrdinalIgnoreCase);

    /// <summary>Who the author is here.</summary>
    public string Person(string author) => People.GetValueOrDefault(author) ?? $"{Kind.ToString().ToLowerInvariant()}:{author}";
}
