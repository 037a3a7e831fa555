using System.Text;

namespace Ringfence.Egress;

/// <summary>
/// Tells the program inside why its connection is refused, where its protocol has words for that. A connection that merely breaks costs an agent
/// many turns of guessing.
/// </summary>
internal static class Refusal
{
    public const string Header = "Ringfence-Denied";
    private const int MaxHead = 65_536;

    public static string Explain(string host, int port, EgressDecision decision) =>
        $"Ringfence refused {host}:{port}: {decision.Reason} (rule: {decision.Rule}). The network policy of this run decides; retrying does not help.\n";

    /// <summary>Reads the head of one HTTP/1 request, answers it and closes in order.</summary>
    public static async Task AnswerAsync(CapturedConnection connection, Stream client, EgressDecision decision)
    {
        var body = Encoding.UTF8.GetBytes(Explain(connection.Host.Text ?? connection.Destination.Address.ToString(), connection.Port, decision));
        var head = $"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\n{Header}: {decision.Reason}\r\nConnection: close\r\n\r\n";
        var buffer = new byte[4096];
        var (tail, total) = ("", 0);

        while (total < MaxHead && !tail.Contains("\r\n\r\n", StringComparison.Ordinal) && await client.ReadAsync(buffer, connection.Life) is var read and > 0)
        {
            tail = (tail.Length > 3 ? tail[^3..] : tail) + Encoding.Latin1.GetString(buffer, 0, read);
            total += read;
        }

        await client.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], connection.Life);
        await connection.LingerAsync();
    }
}
