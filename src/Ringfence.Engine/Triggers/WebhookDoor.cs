using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Outputs;

namespace Ringfence.Triggers;

/// <summary>What a webhook brought: headers by name, and the body byte for byte, because that is what is signed.</summary>
public sealed record WebhookArrival(Func<string, string> Header, ReadOnlyMemory<byte> Body);

/// <summary>
/// Takes webhooks of code hosts: signed ones, each once. What it says to a sender without the secret is the same whatever is wrong. Nothing is started here;
/// what arrived is a row, and an answer that was given is not lost.
/// </summary>
public sealed class WebhookDoor(TriggerStore store, Func<string, string?> variable)
{
    private const int LongestId = 100;

    /// <summary>
    /// <c>started</c> when it was kept, <c>held</c> when somebody must let it in first, <c>repeated</c> when it was here before, <c>ignored</c> when it is
    /// none of what starts runs. Fails with <c>bad_signature</c> or <c>bad_delivery</c>.
    /// </summary>
    public async Task<Result<string>> TakeAsync(TriggerSource? source, WebhookArrival arrival, CancellationToken cancellationToken)
    {
        if (!IsSigned(source, arrival))
        {
            return new Failure("bad_signature", "This is not signed with the secret of a trigger of this server.");
        }

        var id = arrival.Header(source!.Kind is CodeHostKind.GitLab ? "X-Gitlab-Event-UUID" : arrival.Header("X-GitHub-Delivery").Length > 0 ? "X-GitHub-Delivery" : "X-Gitea-Delivery");

        if (id.Length is 0 or > LongestId || id.Any(c => c is <= ' ' or > '~'))
        {
            return new Failure("bad_delivery", "The delivery has no id.");
        }

        TriggerEvent? happened;

        try
        {
            var body = JsonNode.Parse(arrival.Body.Span, documentOptions: new JsonDocumentOptions { MaxDepth = 64 })!;
            var name = arrival.Header("X-GitHub-Event") is { Length: > 0 } github ? github : arrival.Header("X-Gitea-Event");
            happened = source.Kind is CodeHostKind.GitLab ? GitLabEvents.Read(body) : GitHubEvents.Read(name, body);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return new Failure("bad_delivery", "The body is not what a code host sends.");
        }

        if (happened is null || happened.IsOurs)
        {
            return "ignored";
        }

        // A signature covers the body alone: the same body under a new id is the same event once more.
        var digest = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(source.Name + "\n"), .. arrival.Body.Span]));
        var isTrusted = source.Trusts(happened);
        var kept = await store.AddAsync(
            $"{source.Name}:{id}", digest, source.Name, happened, isTrusted ? "received" : "held",
            isTrusted ? null : $"{happened.Author} is no member of the repository: somebody must let it in", cancellationToken);

        return !kept ? "repeated" : isTrusted ? "received" : "held";
    }

    /// <summary>Takes the same time whether the source exists, has a secret, or the signature is wrong.</summary>
    private bool IsSigned(TriggerSource? source, WebhookArrival arrival)
    {
        var secret = source?.Secret is { } name ? variable(name) : null;
        var key = Encoding.UTF8.GetBytes(secret is { Length: > 0 } ? secret : "a secret that nobody has");
        var (sent, expected) = source?.Kind is CodeHostKind.GitLab
            ? (SHA256.HashData(Encoding.UTF8.GetBytes(arrival.Header("X-Gitlab-Token"))), SHA256.HashData(key))
            : (Encoding.UTF8.GetBytes(arrival.Header("X-Hub-Signature-256")), Encoding.UTF8.GetBytes("sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(key, arrival.Body.Span))));

        return CryptographicOperations.FixedTimeEquals(sent, expected) & secret is { Length: > 0 };
    }
}
