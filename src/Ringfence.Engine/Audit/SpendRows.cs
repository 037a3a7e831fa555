using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>Keeps the sums by run, day and model beside the events, so that a question about money reads thousands of rows, not millions.</summary>
internal static class SpendRows
{
    private const string Add = """
        insert into spend (chain, day, provider, model, workflow, team, requested_by, calls, input_tokens, cache_read_tokens, cache_write_tokens,
                           output_tokens, cost_nano)
        select c.number, @day, @provider, @model, r.workflow, r.team, r.requested_by, @calls, @input, @cache_read, @cache_write, @output, @cost
          from chains c left join runs r on r.id = c.run
         where c.number = @chain
            on conflict (chain, day, provider, model) do update
           set calls = spend.calls + excluded.calls,
               input_tokens = spend.input_tokens + excluded.input_tokens,
               cache_read_tokens = spend.cache_read_tokens + excluded.cache_read_tokens,
               cache_write_tokens = spend.cache_write_tokens + excluded.cache_write_tokens,
               output_tokens = spend.output_tokens + excluded.output_tokens,
               cost_nano = spend.cost_nano + excluded.cost_nano
        """;

    public static async Task AddAsync(DatabaseTransaction transaction, IReadOnlyList<PendingEvent> events, CancellationToken cancellationToken)
    {
        var sums = events.Where(e => e.Spend is not null)
            .GroupBy(e => (e.Chain, e.Day, e.Spend!.Value.Provider, e.Spend.Value.Model), e => e.Spend!.Value);

        foreach (var sum in sums)
        {
            await transaction.ExecuteAsync(
                Add, cancellationToken,
                ("day", sum.Key.Day), ("provider", sum.Key.Provider), ("model", sum.Key.Model), ("chain", sum.Key.Chain), ("calls", sum.LongCount()),
                ("input", sum.Sum(s => s.InputTokens)), ("cache_read", sum.Sum(s => s.CacheReadTokens)),
                ("cache_write", sum.Sum(s => s.CacheWriteTokens)), ("output", sum.Sum(s => s.OutputTokens)), ("cost", sum.Sum(s => s.CostNanodollars)));
        }
    }
}
