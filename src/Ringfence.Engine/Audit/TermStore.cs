using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// Numbers for words. Every process remembers those it met; a number never changes, so nothing can be stale. Used by one writer at a time; only
/// what was committed is remembered.
/// </summary>
internal sealed class TermStore
{
    // PostgreSQL indexes no value beyond a third of a page. A longer word is cut and told apart by its digest.
    private const int Longest = 500;
    private const int MostRemembered = 200_000;
    private const int Chunk = 24;

    private static readonly string ManyInsert = Insert(Chunk);
    private static readonly string ManySelect = Select(Chunk);
    private static readonly string OneInsert = Insert(1);
    private static readonly string OneSelect = Select(1);

    private readonly ConcurrentDictionary<Term, long> remembered = new();

    /// <summary>The word as it is stored: short enough for an index, and nothing in it that a database would refuse or give back otherwise.</summary>
    public static Term Storable(Term term)
    {
        var text = term.Text.Length <= Longest
            ? term.Text
            : $"{term.Text.AsSpan(0, Longest - 20)}…{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(term.Text)))[..16]}";

        return term with
        {
            Text = text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') || text.Contains('\0', StringComparison.Ordinal)
                ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace("\0", "\\u0000", StringComparison.Ordinal)
                : text,
        };
    }

    /// <summary>Numbers of all words of these events, new ones made inside the transaction.</summary>
    public async Task<Dictionary<Term, long>> NumbersAsync(
        DatabaseTransaction transaction, IReadOnlyList<PendingEvent> events, CancellationToken cancellationToken)
    {
        var numbers = new Dictionary<Term, long>();
        var unknown = new List<Term>();

        foreach (var written in events)
        {
            foreach (var term in written.Terms)
            {
                ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, term, out var met);

                if (!met && !remembered.TryGetValue(term, out number))
                {
                    unknown.Add(term);
                }
            }
        }

        // In one order everywhere, so that two writers cannot wait for each other.
        unknown.Sort(static (a, b) => string.CompareOrdinal(a.Kind, b.Kind) is var kind and not 0 ? kind : string.CompareOrdinal(a.Text, b.Text));

        foreach (var chunk in unknown.Chunk(Chunk))
        {
            if (chunk.Length == Chunk)
            {
                await AddAsync(transaction, ManyInsert, ManySelect, chunk, numbers, cancellationToken);
                continue;
            }

            foreach (var term in chunk)
            {
                await AddAsync(transaction, OneInsert, OneSelect, [term], numbers, cancellationToken);
            }
        }

        return numbers;
    }

    /// <summary>To be called once the transaction is durable.</summary>
    public void Remember(Dictionary<Term, long> numbers)
    {
        if (remembered.Count > MostRemembered)
        {
            remembered.Clear();
        }

        foreach (var (term, number) in numbers)
        {
            remembered.TryAdd(term, number);
        }
    }

    private static async Task AddAsync(
        DatabaseTransaction transaction, string insert, string select, IReadOnlyList<Term> terms, Dictionary<Term, long> numbers,
        CancellationToken cancellationToken)
    {
        var parameters = terms.SelectMany((term, i) => new (string, object?)[] { ($"k{i}", term.Kind), ($"t{i}", term.Text) }).ToArray();
        await transaction.ExecuteAsync(insert, cancellationToken, parameters);

        var found = await transaction.QueryAsync(
            select, row => (Number: row.GetInt64(0), Term: new Term(row.GetString(1), row.GetString(2))), cancellationToken, parameters);

        foreach (var (number, term) in found)
        {
            numbers[term] = number;
        }
    }

    private static string Insert(int count) => $"insert into terms (kind, text) values {Values(count)} on conflict (kind, text) do nothing";

    // One look-up per word: SQLite answers "in (values …)" by reading every word there is.
    private static string Select(int count) => string.Join(
        " union all ", Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"select id, kind, text from terms where kind = @k{i} and text = @t{i}")));

    private static string Values(int count) =>
        string.Join(", ", Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"(@k{i}, @t{i})")));
}
