using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>Numbers for Prometheus, in its text form: what this process did, and how the queue that all processes share stands.</summary>
internal sealed class ServeMetrics(RunQueue queue, RunStore runs)
{
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly ConcurrentDictionary<(string Method, string Route, int Status), Histogram> requests = new();
    private int streams;

    public void Use(WebApplication app) => app.Use(async (http, next) =>
    {
        var began = Stopwatch.GetTimestamp();

        try
        {
            await next(http);
        }
        finally
        {
            var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
            requests.GetOrAdd((http.Request.Method.Length <= 7 ? http.Request.Method : "other", route, http.Response.StatusCode), _ => new Histogram()).Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    });

    public void StreamOpened() => Interlocked.Increment(ref streams);

    public void StreamClosed() => Interlocked.Decrement(ref streams);

    public async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        Head(text, "ringfence_runs", "gauge", "Runs in the store by state.");

        foreach (var (status, count) in await runs.CountActiveAsync(cancellationToken))
        {
            text.Append(CultureInfo.InvariantCulture, $"ringfence_runs{{status=\"{status}\"}} {count}\n");
        }

        Gauge(text, "ringfence_runs_going", "Runs that this process executes.", queue.Going);
        Gauge(text, "ringfence_runs_most", "Runs that this process may execute at once.", queue.Most);
        Gauge(text, "ringfence_event_streams", "Event streams that are open.", Volatile.Read(ref streams));
        Gauge(text, "ringfence_store_ready", "1 while the store answers.", queue.IsReady ? 1 : 0);
        Gauge(text, "process_resident_memory_bytes", "Resident memory.", Environment.WorkingSet);
        Head(text, "ringfence_http_request_seconds", "histogram", "Requests by method, route and status.");

        foreach (var ((method, route, status), histogram) in requests)
        {
            histogram.Write(text, "ringfence_http_request_seconds", $"method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        }

        return text.ToString();
    }

    private static void Gauge(StringBuilder text, string name, string help, long value)
    {
        Head(text, name, "gauge", help);
        text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private sealed class Histogram
    {
        private readonly long[] buckets = new long[Bounds.Length];
        private long count;
        private double sum;

        public void Add(double seconds)
        {
            lock (buckets)
            {
                count++;
                sum += seconds;

                for (var i = 0; i < Bounds.Length; i++)
                {
                    buckets[i] += seconds <= Bounds[i] ? 1 : 0;
                }
            }
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            lock (buckets)
            {
                for (var i = 0; i < Bounds.Length; i++)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{Bounds[i]}\"}} {buckets[i]}\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"+Inf\"}} {count}\n{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}\n");
            }
        }
    }
}
