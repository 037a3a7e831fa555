using System;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace LoginService;

public static class Program
{
    public static void Main(string[] args)
    {
        var port = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5080;
        var users = new UserStore();
        users.Add("ada", "correct horse battery");
        var handler = new LoginHandler(users);

        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://localhost:{port}/login/");
        listener.Start();
        Console.WriteLine($"listening on http://localhost:{port}/login");

        while (true)
        {
            var context = listener.GetContext();
            var request = JsonSerializer.Deserialize<LoginRequest>(context.Request.InputStream, JsonSerializerOptions.Web);
            var response = handler.Handle(request ?? new LoginRequest(null, null));
            context.Response.StatusCode = response.Status;
            context.Response.Close(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(response, JsonSerializerOptions.Web)), willBlock: false);
        }
    }
}
