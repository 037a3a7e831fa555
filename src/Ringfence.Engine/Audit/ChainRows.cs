using System.Runtime.CompilerServices;
using System.Text;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>An event as stored.</summary>
internal sealed record ChainRow(long Seq, byte[] Body, byte[] Hash);

internal static class ChainRows
{
    private const int Page = 2000;

    /// <summary>The rows of one chain in order, page by page: a run of any length in bounded memory.</summary>
    public static async IAsyncEnumerable<ChainRow> ReadAsync(
        Database database, long chain, [EnumeratorCancellation] CancellationToken cancellationToken, long after = -1)
    {
        while (true)
        {
            var rows = await database.QueryAsync(
                "select seq, body, hash from events where chain = @chain and seq > @after order by seq limit @page",
                row => new ChainRow(row.GetInt64(0), Encoding.UTF8.GetBytes(row.GetString(1)), row.GetFieldValue<byte[]>(2)),
                cancellationToken, ("chain", chain), ("after", after), ("page", Page));

            foreach (var row in rows)
            {
                yield return row;
            }

            if (rows.Count < Page)
            {
                yield break;
            }

            after = rows[^1].Seq;
        }
    }
}
